/// The name of a room: what stands in `rtmp://HOST/APP/ROOM` and in `/rooms/ROOM`.
///
/// Valid names have 1 to 64 characters out of letters, digits, `-`, `_` and `.`, and do not begin with a dot,
/// so that a name is never a path and never needs escaping.
public struct RoomName: Sendable, Hashable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Takes a name, or refuses it with nil.
  public init?(_ text: some StringProtocol) {
    guard Self.isValid(text) else { return nil }
    self.description = String(text)
  }

  static func isValid(_ text: some StringProtocol) -> Bool {
    guard (1...64).contains(text.utf8.count), text.first != "." else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        return true
      default: return false
      }
    }
  }
}

/// The name under which a participant speaks: the stream name of a legacy publisher.
///
/// 1 to 128 bytes of UTF-8 without control characters and without `/`, so that it fits into one path segment.
public struct ParticipantName: Sendable, Hashable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Takes a name, or refuses it with nil.
  public init?(_ text: some StringProtocol) {
    guard (1...128).contains(text.utf8.count),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" && $0 != "\\" }),
      text != ".", text != ".."
    else { return nil }
    self.description = String(text)
  }
}

/// Identifies a participant of a room for as long as it is there, over reconnects.
public struct ParticipantID: Sendable, Hashable, CustomStringConvertible {
  let number: UInt64
  /// Opaque text for the signalling.
  public var description: String { "p\(number)" }
}

/// Identifies a track; stable while its participant stays, also when the publisher reconnects.
public struct TrackID: Sendable, Hashable, CustomStringConvertible {
  let participant: ParticipantID
  let kind: MediaKind
  /// Whether it is sound.
  public var isAudio: Bool { kind == .audio }
  /// Opaque text for the signalling.
  public var description: String { "\(participant)-\(kind.rawValue)" }
}

/// Identifies one receiver's subscription to one track.
public struct SubscriberID: Sendable, Hashable {
  let number: UInt64
  /// The caller sees to it that numbers are unique within the process.
  public init(_ number: UInt64) { self.number = number }
}

/// Sound or picture.
public enum MediaKind: String, Sendable, Hashable, CaseIterable {
  case audio, video
}
