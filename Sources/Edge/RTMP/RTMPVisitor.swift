import RTMP
import Rooms

/// What is known of an RTMP client, put as the gate asks for it.
struct RTMPVisitor {
  var identity: SessionIdentity
  /// What it said in `connect`; nil before.
  private(set) var connect: ConnectRequest?

  init(identity: SessionIdentity) { self.identity = identity }

  /// It wants to connect.
  /// - Parameter room: the room that its application is known to mean.
  mutating func connecting(_ connect: ConnectRequest, room: String? = nil) -> EntryRequest {
    self.connect = connect
    return request(.connect, room: room ?? RoomAddress.room(ofApp: connect.app))
  }

  /// It wants to speak or to listen in a room.
  func joining(
    _ room: String, name: String?, role: ParticipantRole, streamQueryItems: [QueryItem]
  ) -> EntryRequest {
    request(.join, room: room, name: name, role: role, streamQueryItems: streamQueryItems)
  }

  private func request(
    _ step: EntryRequest.Step, room: String?, name: String? = nil, role: ParticipantRole? = nil,
    streamQueryItems: [QueryItem] = []
  ) -> EntryRequest {
    EntryRequest(
      step: step, session: identity.id, door: identity.door, listener: identity.listener, address: identity.address,
      room: room, name: name, role: role, keys: connect?.presentedKeys(streamQueryItems: streamQueryItems) ?? [],
      pageURL: connect?.pageUrl, swfURL: connect?.swfUrl, certificateSubject: identity.certificateSubject,
      player: connect?.flashVer, tls: identity.tls)
  }
}

extension ConnectRequest {
  /// The keys a client shows, in the order in which they count: in the query of `tcUrl`, in the query of the stream's
  /// name, the first string argument after the command object.
  fileprivate func presentedKeys(streamQueryItems: [QueryItem]) -> [PresentedKey] {
    let named = (queryItems + streamQueryItems).filter { $0.name == "key" }.map { PresentedKey($0.value) }
    let argument = extraArguments.lazy.compactMap(\.stringValue).first.map { PresentedKey($0, place: .argument) }
    return named + (argument.map { [$0] } ?? [])
  }
}

extension Entrance {
  /// Lets a client speak, if gate and room will have it.
  func publish(
    _ entry: EntryRequest, at address: RoomAddress, in rooms: RoomEngine, replaced: @escaping @Sendable () -> Void
  ) async -> Result<Publication, EntryRefusal> {
    await enter(entry) { () throws(RoomError) in
      try await rooms.publish(room: address.room, name: address.participant, kind: .flash, replaced: replaced)
    }
  }
}

/// Why a client may not speak or listen in a room.
public enum EntryRefusal: Error {
  /// The room has no place for it.
  case room(RoomError)
  /// The gate keeps it out.
  case gate(Denial)

  /// A word for metrics and logs.
  var kind: String {
    switch self {
    case .room(let error): error.kind
    case .gate(let denial): denial.kind.rawValue
    }
  }

  /// For the client, without secrets.
  var description: String {
    switch self {
    case .room(let error): "\(error)"
    case .gate(let denial): SessionEnd.denied(denial).description
    }
  }
}
