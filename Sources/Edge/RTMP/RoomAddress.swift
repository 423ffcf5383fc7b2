/// The room and the participant that a legacy address names: `rtmp://HOST/APP/ROOM`, stream name = participant.
///
/// Clients divide one and the same URL differently between `app` and stream name, so both are read as one path: the last
/// segment is the participant, the one before it the room.
public struct RoomAddress: Sendable, Hashable {
  /// The room's name, which need not be one of a room.
  public let room: String
  /// The participant's name.
  public let participant: String

  /// Nil when both together name no room and participant.
  public init?(app: String, stream: String) {
    let segments = (Self.path(app) + "/" + stream).split(separator: "/", omittingEmptySubsequences: true)
    guard let participant = segments.last, let room = segments.dropLast().last else { return nil }
    self.room = String(room)
    self.participant = String(participant)
  }

  /// The room that an app names by itself: its last segment, if it has two or more. Nil when only the stream name will
  /// tell.
  static func room(ofApp app: String) -> String? {
    let segments = path(app).split(separator: "/", omittingEmptySubsequences: true)
    return segments.count > 1 ? segments.last.map(String.init) : nil
  }

  private static func path(_ app: String) -> String {
    String(app.prefix { $0 != "?" })
  }
}
