/// Why the room refused something.
public enum RoomError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No room of that name is configured.
  case noSuchRoom(String)
  /// The text cannot be a room's name.
  case badRoomName
  /// The text cannot be a participant's name.
  case badParticipantName
  /// The room has as many participants as it may have.
  case roomFull(limit: Int)
  /// Nobody of that name speaks in the room.
  case noSuchParticipant(String)
  /// The gateway is draining and takes nobody in.
  case draining

  /// A word for metrics and logs.
  public var kind: String {
    switch self {
    case .noSuchRoom: "no_such_room"
    case .badRoomName: "bad_room_name"
    case .badParticipantName: "bad_participant_name"
    case .roomFull: "room_full"
    case .noSuchParticipant: "no_such_participant"
    case .draining: "draining"
    }
  }

  /// One sentence for people, without secrets.
  public var description: String {
    switch self {
    case .noSuchRoom: "there is no such room"
    case .badRoomName: "a room's name has 1 to 64 letters, digits, '-', '_' or '.'"
    case .badParticipantName: "a participant's name has 1 to 128 bytes without '/' and control characters"
    case .roomFull(let limit): "the room is full (\(limit) participants)"
    case .noSuchParticipant: "nobody of that name speaks in this room"
    case .draining: "the gateway is shutting down"
    }
  }
}
