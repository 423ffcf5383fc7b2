import Edge
import Foundation
import HTTPTypes
import Identity
import NIOCore
import Rooms

/// `/api/v1/rooms/ROOM/keys[/NAME]`: keys are listed, issued, rotated and revoked.
struct KeyRoutes: Sendable {
  private let parts: GatewayParts

  init(_ parts: GatewayParts) { self.parts = parts }

  /// For the rooms that are there now; nil when there are no keys.
  private var desk: KeyDesk? {
    parts.reception.keys.map { KeyDesk(rooms: parts.roomsInForce.current, store: $0.store, actor: "api") }
  }

  func add(to router: inout HTTPRouter) {
    router.on(.get, "/api/v1/rooms/{room}/keys") { await list($0) }
    router.on(.post, "/api/v1/rooms/{room}/keys") { await issue($0) }
    router.on(.post, "/api/v1/rooms/{room}/keys/{name}") { await rotate($0) }
    router.on(.delete, "/api/v1/rooms/{room}/keys/{name}") { await revoke($0) }
  }

  /// What a key is asked for with; the same names as the command line's options.
  private struct Order: Decodable {
    var name: String?
    var role: String?
    var expires: String?
    var addresses: [String]?
    var once: Bool?

    enum CodingKeys: String, CodingKey { case name, role, expires, addresses, once }
  }

  /// A member of whatever kind.
  private struct AnyMember: Decodable {
    init(from decoder: any Decoder) {}
  }

  private func list(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    await answer(request) { desk, room in
      let now = LogTime.now().seconds
      return .json(["keys": .array(try await desk.keys(room: room).map { $0.json(at: now) })])
    }
  }

  private func issue(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    await answer(request) { desk, room in
      let order = try order(request)
      guard let name = order.name else { throw Refusal("`name` is missing") }
      guard let role = AccessKeyRole(rawValue: order.role ?? "speaker") else {
        throw Refusal("`role` is speaker or listener")
      }
      let grant = AccessKeyGrant(
        room: room, name: name, role: role, addresses: order.addresses ?? [], isForOnce: order.once ?? false)
      return shown(try await desk.issue(grant, lifetime: try lifetime(order)))
    }
  }

  private func rotate(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    await answer(request) { desk, room in
      let order = request.body.readableBytes == 0 ? Order() : try order(request)
      let name = request.parameters["name"] ?? ""
      return shown(try await desk.rotate(room: room, name: name, lifetime: try lifetime(order)).issued)
    }
  }

  private func revoke(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    await answer(request) { desk, room in
      _ = try await desk.revoke(room: room, name: request.parameters["name"] ?? "")
      return HTTPServerResponse(status: .noContent)
    }
  }

  // MARK: -

  private struct Refusal: Error {
    let detail: String
    let status: HTTPResponse.Status
    init(_ detail: String, _ status: HTTPResponse.Status = .badRequest) {
      self.detail = detail
      self.status = status
    }
  }

  private func shown(_ issued: IssuedKey) -> HTTPServerResponse {
    .json(issued.record.json(at: issued.record.issuedAt).with("key", .string(issued.key.reveal())), status: .created)
  }

  private func order(_ request: HTTPServerRequest) throws -> Order {
    // A form of a stranger's page can send any text, but none of this type without asking first.
    guard request.fields[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw Refusal("the body is application/json", .unsupportedMediaType)
    }
    let members = (try? JSONDecoder().decode([String: AnyMember].self, from: Data(buffer: request.body))) ?? [:]
    // A misspelt `expires` must not make a key that never does.
    if let unknown = members.keys.sorted().first(where: { Order.CodingKeys(stringValue: $0) == nil }) {
      throw Refusal("\(quoted(unknown)) is unknown here: known are name, role, expires, addresses, once")
    }
    guard let order = try? JSONDecoder().decode(Order.self, from: Data(buffer: request.body)) else {
      throw Refusal("the body is an object of name, role, expires, addresses, once")
    }
    return order
  }

  private func lifetime(_ order: Order) throws -> Duration? {
    guard let text = order.expires else { return nil }
    guard let duration = Quantity.duration(text) else { throw Refusal("`expires` is a duration such as 2h") }
    return duration
  }

  private func answer(
    _ request: HTTPServerRequest, _ body: (KeyDesk, String) async throws -> HTTPServerResponse
  ) async -> HTTPServerResponse {
    if request.method != .get, let refusal = AdminAPI.refusal(ofPage: request) { return refusal }
    guard let desk else {
      return problem(.conflict, "every room of this gateway is open: there are no keys")
    }
    do {
      return try await body(desk, request.parameters["room"] ?? "")
    } catch let refusal as Refusal {
      return problem(refusal.status, refusal.detail)
    } catch let error as IdentityError {
      return problem(error.status, "\(error)")
    } catch {
      return problem(.internalServerError, "the keys could not be changed")
    }
  }

  private func problem(_ status: HTTPResponse.Status, _ detail: String) -> HTTPServerResponse {
    ProblemDocument(status: status, detail: detail).response()
  }
}

extension Data {
  fileprivate init(buffer: ByteBuffer) { self.init(buffer.readableBytesView) }
}

extension IdentityError {
  fileprivate var status: HTTPResponse.Status {
    switch self {
    case .store, .secret: .serviceUnavailable
    case .hasKey: .conflict
    case .noKey, .noRoom: .notFound
    case .badName, .expiresInThePast: .badRequest
    }
  }
}
