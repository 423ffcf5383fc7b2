import Edge
import HTTPTypes
import Identity
import NIOCore
import Rooms

/// The API of the admin address: sessions, rooms and keys.
struct AdminAPI: Sendable {
  private let parts: GatewayParts

  init(_ parts: GatewayParts) { self.parts = parts }

  func add(to router: inout HTTPRouter) {
    router.on(.get, "/api/v1/sessions") { _ in sessions() }
    router.on(.delete, "/api/v1/sessions/{id}") { request in own(request) ?? end(request) }
    router.on(.get, "/api/v1/rooms") { _ in await rooms() }
    KeyRoutes(parts).add(to: &router)
  }

  /// A browser says which page a change comes from. None of a stranger's pages has business here.
  private func own(_ request: HTTPServerRequest) -> HTTPServerResponse? { AdminAPI.refusal(ofPage: request) }

  static func refusal(ofPage request: HTTPServerRequest) -> HTTPServerResponse? {
    guard request.fields[.origin] != nil else { return nil }
    return ProblemDocument(status: .forbidden, detail: "pages may not change anything here").response()
  }

  private func sessions() -> HTTPServerResponse {
    let list = parts.sessions.all.map { session in
      let entry = session.entry
      func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
      return [
        "id": .integer(Int(session.identity.id)), "protocol": .string(session.identity.door),
        "listener": .string(session.identity.listener), "address": .string(session.identity.address),
        "state": .string(session.state.rawValue), "room": text(entry?.room), "name": text(entry?.name),
        "role": text(entry?.role?.rawValue), "key": text(entry?.admittance.keyID),
        "shadowed": .boolean(session.traits.isShadowed),
      ] as JSON
    }
    return .json(["sessions": .array(list)])
  }

  private func end(_ request: HTTPServerRequest) -> HTTPServerResponse {
    guard let id = UInt64(request.parameters["id"] ?? ""), parts.sessions.end(id, .operatorRequest) else {
      return ProblemDocument(status: .notFound, detail: "there is no such session").response()
    }
    parts.log.notice("session ended by the operator", metadata: ["session": "\(id)"])
    parts.reception.audit?.record(.admin("end_session", subject: "\(id)", actor: "api"))
    return HTTPServerResponse(status: .noContent)
  }

  private func rooms() async -> HTTPServerResponse {
    let overview = await parts.rooms.overview
    let entries = parts.sessions.entries
    let list = parts.roomsInForce.current.sorted { $0.key < $1.key }.map { name, room in
      let participants = RoomName(name).flatMap { overview[$0] } ?? []
      return [
        "name": .string(name), "open": .boolean(room.isOpen),
        "maxParticipants": room.maximumParticipants.map { .integer($0) } ?? .null,
        "speakers": .array(participants.sorted { $0.name.description < $1.name.description }.map(\.json)),
        "listeners": .integer(entries.count { $0.room == name && $0.role == .listener }),
      ] as JSON
    }
    return .json(["rooms": .array(list)])
  }
}

extension ParticipantDescription {
  fileprivate var json: JSON {
    [
      "name": .string(name.description), "kind": .string(kind.rawValue),
      "tracks": .array(tracks.map { ["kind": .string($0.kind.rawValue), "codec": .string($0.codec)] }),
    ]
  }
}

extension HTTPServerResponse {
  /// A document of the API; true for a moment only.
  static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> HTTPServerResponse {
    HTTPServerResponse(
      status: status, fields: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ByteBuffer(string: value.text + "\n"))
  }
}
