/// What one replayed session came to: what both sides said, who ended it, and what receivers got of its media.
///
/// Two results are compared as ``ResultComparison`` does it, with tolerance where codecs may differ. ``text`` is the
/// form in which a result is kept as a golden one; it holds all but the places in the capture (``CapturePlace``), so that
/// a capture that was recorded or cut differently gives the same text.
///
/// A report is made of a ``ReplayRun``: it holds the result, the golden one if there is one, and the differences with
/// their places. Lists of both results go side by side by their order: conversations by side, tracks by ``TrackResult/id``,
/// outputs by codec, fingerprints by second.
public struct SessionResult: Codable, Sendable, Hashable {
  /// The capture's name and the session's number in it, as in `alice-2`.
  public var name: String
  /// Commands and their answers, statuses, data and shared-object messages, in the order in which they were whole.
  public var conversation: [ConversationLine]
  /// Who ended the connection, and why.
  public var end: ConnectionEnd
  /// What receivers got, in the order in which the tracks began; nil when only the client's side could be seen, as on a
  /// gateway elsewhere.
  public var tracks: [TrackResult]?

  /// Puts a result together.
  public init(name: String, conversation: [ConversationLine], end: ConnectionEnd, tracks: [TrackResult]?) {
    self.name = name
    self.conversation = conversation
    self.end = end
    self.tracks = tracks
  }
}

/// Where in the capture something began. Not part of what is compared.
public struct CapturePlace: Codable, Sendable, Hashable {
  /// The packet, counted from 1; what it is of when a gateway said it: the packet of the client's that came before.
  public var packet: Int
  /// Milliseconds since the session's first byte.
  public var milliseconds: Int64

  /// A place.
  public init(packet: Int, milliseconds: Int64) {
    self.packet = packet
    self.milliseconds = milliseconds
  }
}

/// The end of a session's connection.
public struct ConnectionEnd: Codable, Sendable, Hashable {
  /// Who closed it.
  public enum Side: String, Codable, Sendable, Hashable {
    /// The client, behind its last byte.
    case client
    /// The gateway, before the client had said all.
    case gateway
  }

  /// Who closed it.
  public var side: Side
  /// Why the gateway did, in a word of a fixed set; nil where it was not told, and for clients.
  public var reason: String?
  /// Behind which packet it was.
  public var place: CapturePlace?

  /// An end.
  public init(side: Side, reason: String? = nil, place: CapturePlace? = nil) {
    self.side = side
    self.reason = reason
    self.place = place
  }
}
