import Foundation
import Rooms

/// What a browser says over the room's web socket. See docs/signalling.md.
enum ClientMessage: Equatable {
  case join(version: Int, key: String?)
  /// An offer, and which track each of its sections shall carry.
  case offer(id: Int, sdp: String, subscriptions: [String: String])
  case leave
  /// A type of a later version: ignored.
  case unknown(String)

  private struct Envelope: Decodable {
    let type: String
  }

  private struct Wire: Decodable {
    let version: Int?
    let key: String?
    let id: Int?
    let sdp: String?
    let subscriptions: [String: String]?
  }

  /// Reads one text message.
  /// - Throws: ``SignallingError/malformed(_:)``.
  init(_ text: String) throws(SignallingError) {
    let type = try Self.decode(Envelope.self, text, orElse: "a message is a JSON object with a 'type'").type
    // Another type's members are its own, and may be of other kinds than those of the same name here.
    guard ["join", "offer", "leave"].contains(type) else {
      self = .unknown(type)
      return
    }
    let wire = try Self.decode(Wire.self, text, orElse: "a member of '\(type)' is not of its kind")
    switch type {
    case "join": self = .join(version: wire.version ?? 1, key: wire.key)
    case "offer":
      guard let id = wire.id, let sdp = wire.sdp else { throw .malformed("an offer has 'id' and 'sdp'") }
      let subscriptions = wire.subscriptions ?? [:]
      guard subscriptions.count <= 512 else { throw .malformed("an offer has at most 512 subscriptions") }
      self = .offer(id: id, sdp: sdp, subscriptions: subscriptions)
    default: self = .leave
    }
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ text: String, orElse complaint: String
  ) throws(SignallingError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw .malformed(complaint)
    }
  }
}

/// What the gateway says over the room's web socket.
enum ServerMessage {
  case welcome(room: RoomName, listener: String, iceServers: [ICEServer], participants: [ParticipantDescription])
  case participant(ParticipantDescription)
  case left(ParticipantID)
  case answer(id: Int, sdp: String)
  case closing(reason: String, retryAfter: Int?)
  /// With an id, the offer of that number is refused; without, the join.
  case error(code: String, message: String, id: Int? = nil, retryAfter: Int? = nil)

  /// The message as JSON text.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Every value below is a string, a number or a list of such: encoding cannot fail.
    guard let data = try? encoder.encode(wire) else { return #"{"type":"error","code":"internal"}"# }
    return String(decoding: data, as: UTF8.self)
  }

  private struct Wire: Encodable {
    var type: String
    var version: Int?
    var room: String?
    var `self`: String?
    var iceServers: [WireICEServer]?
    var participants: [WireParticipant]?
    var participant: WireParticipant?
    var id: WireID?
    var sdp: String?
    var reason: String?
    var retryAfter: Int?
    var code: String?
    var message: String?
  }

  private enum WireID: Encodable {
    case number(Int)
    case text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  private var wire: Wire {
    switch self {
    case .welcome(let room, let listener, let iceServers, let participants):
      Wire(
        type: "welcome", version: 1, room: room.description, self: listener,
        iceServers: iceServers.map(WireICEServer.init),
        participants: participants.map(WireParticipant.init))
    case .participant(let participant): Wire(type: "participant", participant: WireParticipant(participant))
    case .left(let id): Wire(type: "left", id: .text(id.description))
    case .answer(let id, let sdp): Wire(type: "answer", id: .number(id), sdp: sdp)
    case .closing(let reason, let retryAfter): Wire(type: "closing", reason: reason, retryAfter: retryAfter)
    case .error(let code, let message, let id, let retryAfter):
      Wire(type: "error", id: id.map(WireID.number), retryAfter: retryAfter, code: code, message: message)
    }
  }
}

private struct WireICEServer: Encodable {
  let urls: [String]
  let username: String?
  let credential: String?

  init(_ server: ICEServer) {
    urls = server.urls
    username = server.username
    credential = server.credential?.reveal()
  }
}

private struct WireParticipant: Encodable {
  let id: String
  let name: String
  let kind: String
  let tracks: [WireTrack]

  init(_ participant: ParticipantDescription) {
    id = participant.id.description
    name = participant.name.description
    kind = participant.kind.rawValue
    tracks = participant.tracks.map(WireTrack.init)
  }
}

private struct WireTrack: Encodable {
  let id: String
  let kind: String
  let codec: String
  let state: String
  let reason: String?

  init(_ track: TrackDescription) {
    id = track.id.description
    kind = track.kind.rawValue
    codec = track.codec
    switch track.state {
    case .live: (state, reason) = ("live", nil)
    case .paused: (state, reason) = ("paused", nil)
    case .unsupported(let why): (state, reason) = ("unsupported", why)
    }
  }
}
