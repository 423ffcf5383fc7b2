import Edge
import HTTPTypes
import NIOCore

/// `GET /api/v1/migration`: who still comes by Flash.
struct MigrationRoutes: Sendable {
  private let desk: MigrationDesk?

  init(_ configuration: Configuration) {
    desk = configuration.audit == nil ? nil : MigrationDesk(configuration)
  }

  func add(to router: inout HTTPRouter) {
    router.on(.get, "/api/v1/migration") { await report($0) }
  }

  private func report(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard let desk else {
      return problem(.conflict, "the configuration keeps no audit: add `audit: { file: audit.jsonl }`")
    }
    let text = request.target.queryValue("days") ?? "30"
    guard let days = Int(text), MigrationReport.lengths.contains(days) else {
      return problem(.badRequest, "days=... is a number from 1 to 400")
    }
    do {
      return .json(try await desk.report(days: days).json)
    } catch {
      return problem(.serviceUnavailable, "the audit cannot be read")
    }
  }

  private func problem(_ status: HTTPResponse.Status, _ detail: String) -> HTTPServerResponse {
    ProblemDocument(status: status, detail: detail).response()
  }
}

/// Reads the record for one at a time, on a thread that may wait for the disk.
actor MigrationDesk {
  private let configuration: Configuration
  private let thread = DiskThread(label: "flashgate.migration")

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(_ configuration: Configuration) { self.configuration = configuration }

  func report(days: Int) throws -> MigrationReport { try MigrationReport.read(configuration, days: days) }
}
