import AMF

/// A client asks to publish a stream (spec 7.2.2.6).
public struct PublishRequest: Sendable, Hashable {
  /// What the server is asked to do with the stream.
  public enum Kind: String, Sendable, Hashable {
    /// Hand it on; also when the client says nothing or something unknown.
    case live
    /// Record it anew.
    case record
    /// Append it to a recording.
    case append
  }

  /// The message stream it will come on.
  public var streamID: UInt32
  /// Without its query.
  public var name: String
  /// The query of the name, where encoders put keys.
  public var queryItems: [QueryItem]
  /// What to do with it.
  public var kind: Kind

  init(streamID: UInt32, name: String, kind: String?) {
    self.streamID = streamID
    (self.name, queryItems) = QueryItem.split(name)
    self.kind = kind.flatMap { Kind(rawValue: $0.lowercased()) } ?? .live
  }
}

/// A client asks to play a stream (spec 7.2.2.1).
public struct PlayRequest: Sendable, Hashable {
  /// The message stream it is wanted on.
  public var streamID: UInt32
  /// Without its query. Some players send a whole URL.
  public var name: String
  /// The query of the name.
  public var queryItems: [QueryItem]
  /// Seconds as sent: -2 live or recorded (the default), -1 live only, from 0 recorded. Players also send
  /// milliseconds (-2000, -1000).
  public var start: Double

  init(streamID: UInt32, name: String, start: Double?) {
    self.streamID = streamID
    (self.name, queryItems) = QueryItem.split(name)
    self.start = start ?? -2
  }
}
