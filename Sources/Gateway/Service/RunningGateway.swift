import Edge
import Logging
import Media
import NIOCore
import NIOPosix
import Rooms
import WebRTC

/// A gateway with open doors: all its parts, and how they end.
struct RunningGateway: Sendable {
  let parts: GatewayParts
  let listeners: [Listener]
  /// Looks whether lists change.
  private let watch: Task<Void, Never>

  private var log: Logger { parts.log }

  /// Opens everything, or nothing.
  /// - Parameters:
  ///   - workers: the program that codecs run in; nil runs them on threads of this process.
  ///   - reread: reads the configuration file anew when rules of access are; nil: only the files it names.
  /// - Throws: `ConfigurationError` with the place of the value that this machine refuses.
  static func start(
    _ configuration: Configuration, workers: WorkerProgram? = nil, reread: AccessKeeper.Reread? = nil, log: Logger
  ) async throws -> RunningGateway {
    let parts = try await GatewayParts.assemble(configuration, workers: workers, reread: reread, log: log)
    var doors: Doors
    do {
      doors = try Doors(parts)
    } catch {
      await parts.shutDown()
      throw error
    }
    do {
      for listener in configuration.listeners { try await doors.open(listener) }
      try await doors.openAdmin(configuration.admin)
    } catch {
      for listener in doors.listeners { await listener.closeAll() }
      await parts.shutDown()
      throw error
    }
    parts.readiness.update { $0.phase = .ready }
    log.notice("ready")
    return RunningGateway(
      parts: parts, listeners: doors.listeners, watch: Task { await parts.access.watch() })
  }

  /// Reads certificates and rules of access anew. What cannot be read leaves what is in force, and readiness says so.
  func reload() async {
    parts.reception.audit?.record(.admin("reload", actor: "sighup"))
    parts.certificates.reload()
    await parts.access.reload(.signal)
  }

  /// Takes nobody in any more, asks all to leave, and waits for that, at most as long as the configuration says.
  func drain() async {
    parts.readiness.update { $0.phase = .draining }
    // The admin listener stays: whoever watches the drain asks there.
    for listener in listeners where listener.configuration.id != Doors.adminID { await listener.drain() }
    await parts.rooms.drain()
    parts.sessions.endAll(.draining)
    let deadline = ContinuousClock.now + parts.configuration.drainTimeout
    while parts.sessions.count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Closes what is still open.
  func stop() async {
    watch.cancel()
    for listener in listeners { await listener.closeAll() }
    await parts.shutDown()
  }
}
