import AMF

/// The code of a status object: what client scripts compare. Open, for codes come from outside too.
public struct StatusCode: RawRepresentable, Sendable, Hashable {
  /// As on the wire, `NetStream.Publish.Start`.
  public var rawValue: String

  /// A code from its text.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The connection is accepted.
  public static let connectSuccess = Self(rawValue: "NetConnection.Connect.Success")
  /// Policy, application or parameters forbid the connection.
  public static let connectRejected = Self(rawValue: "NetConnection.Connect.Rejected")
  /// The server cannot be reached; players say so themselves, and a server in front of another one.
  public static let connectFailed = Self(rawValue: "NetConnection.Connect.Failed")
  /// There is no such application.
  public static let connectInvalidApp = Self(rawValue: "NetConnection.Connect.InvalidApp")
  /// The application or the server goes down.
  public static let connectAppShutdown = Self(rawValue: "NetConnection.Connect.AppShutdown")
  /// A call could not be served.
  public static let callFailed = Self(rawValue: "NetConnection.Call.Failed")
  /// The stream is being published.
  public static let publishStart = Self(rawValue: "NetStream.Publish.Start")
  /// The stream may not be published under this name.
  public static let publishBadName = Self(rawValue: "NetStream.Publish.BadName")
  /// A track of the published stream has a codec that cannot be carried. Ours, after what a player is told that can play
  /// none of a stream's tracks; clients ignore codes that they do not know.
  public static let publishNoSupportedTrack = Self(rawValue: "NetStream.Publish.NoSupportedTrackFound")
  /// The stream is no longer published.
  public static let unpublishSuccess = Self(rawValue: "NetStream.Unpublish.Success")
  /// The player's stream starts over.
  public static let playReset = Self(rawValue: "NetStream.Play.Reset")
  /// The player's stream begins.
  public static let playStart = Self(rawValue: "NetStream.Play.Start")
  /// The player's stream has ended.
  public static let playStop = Self(rawValue: "NetStream.Play.Stop")
  /// There is no such stream.
  public static let playStreamNotFound = Self(rawValue: "NetStream.Play.StreamNotFound")
  /// The stream cannot be played.
  public static let playFailed = Self(rawValue: "NetStream.Play.Failed")
}

/// A status object (spec 7.2): what `_result`, `_error` and `onStatus` tell a client.
public struct Status: Sendable, Hashable {
  /// How bad it is. Lower case on the wire, as ActionScript 3 documents it.
  public enum Level: String, Sendable, Hashable {
    /// All is well.
    case status
    /// All is not well yet.
    case warning
    /// It failed.
    case error
  }

  /// How bad it is.
  public var level: Level
  /// What happened.
  public var code: StatusCode
  /// For people; some clients show it.
  public var description: String

  /// A status from its parts.
  public init(level: Level, code: StatusCode, description: String) {
    self.level = level
    self.code = code
    self.description = description
  }

  /// Reads the object of an answer; nil when it has no code.
  init?(_ value: AMFValue?) {
    guard let object = value?.objectValue, let code = object["code"]?.stringValue else { return nil }
    self.code = StatusCode(rawValue: code)
    level = object["level"]?.stringValue.flatMap { Level(rawValue: $0.lowercased()) } ?? .status
    description = object["description"]?.stringValue ?? ""
  }

  /// As an object.
  var value: AMFValue { .object(AMFObject(AMFProperties(properties))) }

  /// In the order clients know.
  var properties: [AMFProperties.Element] {
    [
      .init(key: "level", value: .string(level.rawValue)),
      .init(key: "code", value: .string(code.rawValue)),
      .init(key: "description", value: .string(description)),
    ]
  }
}
