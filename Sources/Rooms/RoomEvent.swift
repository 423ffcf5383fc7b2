/// What those who watch a room are told.
public enum RoomEvent: Sendable, Equatable {
  /// A participant came, or something about it changed; replaces what was known of it.
  case participant(ParticipantDescription)
  /// A participant left.
  case left(ParticipantID)
  /// The room closes.
  case closing
}

/// A participant as others see it.
public struct ParticipantDescription: Sendable, Equatable {
  /// By what it came.
  public enum Kind: String, Sendable {
    case flash, browser
  }

  /// Stable while it stays.
  public let id: ParticipantID
  /// The name it speaks under.
  public let name: ParticipantName
  /// By what it came.
  public let kind: Kind
  /// What it sends now; tracks may be absent, come late, or stop.
  public let tracks: [TrackDescription]
}

/// A track as others see it.
public struct TrackDescription: Sendable, Equatable {
  /// Whether media flows.
  public enum State: Sendable, Equatable {
    case live
    /// The publisher is away for a moment and expected back.
    case paused
    /// The codec cannot be carried; says why.
    case unsupported(String)
  }

  /// Stable over the publisher's reconnects.
  public let id: TrackID
  /// Sound or picture.
  public let kind: MediaKind
  /// The name of the codec the publisher sends.
  public let codec: String
  /// Whether media flows.
  public let state: State
}
