/// What the owner of a ``ForwardedSession`` may want to know; nothing of it needs an answer to the client.
public enum ForwardedSessionEvent: Sendable, Equatable {
  /// The client wants to publish. Its bytes are held until ``ForwardedSession/release()``.
  indirect case publish(PublishRequest)
  /// The client wants to play. Its bytes are held until ``ForwardedSession/release()``.
  indirect case play(PlayRequest)
  /// Sound or a picture of a publication.
  case media(MediaMessage)
  /// The client ended a publication, or the server refused it.
  case publishEnded(streamID: UInt32, name: String)
  /// How the server answered `connect`.
  case connectAnswered(StatusCode)
  /// How the server answered `publish`.
  case publishAnswered(streamID: UInt32, StatusCode)
  /// How the server answered `play`.
  case playAnswered(streamID: UInt32, StatusCode)
  /// The server does something else than a ``ServerSession`` would.
  case differs(ForwardedDifference)
  /// A command of the client's cannot be read here, and may well be read behind.
  case unreadable(RTMPError)
  /// The server's answers cannot be followed any more; its bytes go on, and the client's are followed as before.
  case answersLost(RTMPError)
  /// The conversation cannot be followed any more; its bytes go on.
  case lost(RTMPError)
}

/// Something that a client gets from the server behind and would not get from a ``ServerSession``, or the other way round.
public struct ForwardedDifference: Sendable, Hashable {
  /// What it is about.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case connect, publish, play, call
    /// The server calls a method of the client's.
    case serverCall = "server_call"
    case sharedObject = "shared_object"
  }

  /// What it is about.
  public let kind: Kind
  /// The name of what was called.
  public let command: String
  /// What came of it at the server behind.
  public let old: String
  /// What would have come of it here.
  public let new: String

  /// A difference from its parts; texts of clients and servers are cut.
  public init(_ kind: Kind, command: String? = nil, old: String, new: String) {
    self.kind = kind
    self.command = String((command ?? kind.rawValue).prefix(Self.longest))
    self.old = String(old.prefix(Self.longest))
    self.new = String(new.prefix(Self.longest))
  }

  /// A call of the client's, answered there and refused here, or the other way round.
  static func call(_ name: String, old: String, isServed: Bool) -> Self {
    Self(.call, command: name, old: old, new: isServed ? "_result" : StatusCode.callFailed.rawValue)
  }

  /// A call of the client's that wants no answer, and has no effect here.
  static func unanswered(_ name: String) -> Self { Self(.call, command: name, old: "taken", new: "ignored") }

  /// The server calls a method of the client's.
  static func callOfServer(_ name: String) -> Self {
    Self(.serverCall, command: name, old: "called", new: "not called")
  }

  /// The client uses shared objects.
  static let sharedObjects = Self(.sharedObject, command: "shared object", old: "used", new: "not served")

  private static let longest = 64
}
