import NIOCore

/// What one RTMP client sent, and when, and what it was answered.
public struct RecordedSession: Sendable {
  /// Bytes that were sent together.
  struct Segment: Sendable {
    /// Microseconds since the client's first byte; never less than the one before.
    let time: Int64
    /// The packet that brought it, counted from 1; of an FLV file the tag.
    let packet: Int
    let bytes: ByteBuffer
    /// Where that packet stands in the file.
    var offset = 0
  }

  /// How the session went over the network.
  public enum Transport: String, Sendable, Hashable, CaseIterable {
    /// RTMP over TCP.
    case rtmp
    /// RTMP inside TLS.
    case rtmps
    /// RTMP inside HTTP requests.
    case rtmpt
    /// RTMP inside HTTP requests inside TLS.
    case rtmpts
    /// Not at all: made from a file of media.
    case file
  }

  /// C0, C1 and C2 (spec 5.2): less is no session.
  static let shortest = 1 + 2 * 1536
  /// A step in the capture's clock of more than this, in microseconds, is damage.
  static let longest: Int64 = 24 * 3600 * 1_000_000

  /// What the client sent.
  let said: RecordedDirection
  /// What the server sent, as far as it was captured without a gap; times count from the client's first byte.
  let answered: RecordedDirection

  /// How the client came.
  public internal(set) var transport = Transport.rtmp
  /// The client's end of its connection, of the first one where a tunnel used several; nil for a file.
  public internal(set) var client: CapturedEndpoint?
  /// The server's end; nil for a file.
  public internal(set) var server: CapturedEndpoint?
  /// When the client's first byte came, in microseconds since the epoch; 0 for a file.
  public internal(set) var begin: Int64 = 0

  /// From the first byte to the last, in microseconds; at most a day.
  public var duration: Int64 { said.last?.time ?? 0 }

  /// Bytes of the client.
  public var byteCount: Int { said.byteCount }

  /// What the server answered first: S0, S1 and perhaps S2; tells whether the client echoed S1.
  var serverHello: ByteBuffer { answered.head }

  /// The RTMP client sessions of a capture, in the order in which they began.
  /// - Throws: ``ReplayError``, for a session that cannot be played, too.
  public static func read(capture file: ByteBuffer) throws(ReplayError) -> [RecordedSession] {
    let contents = try CaptureContents(reading: file)
    for notice in contents.notices {
      switch notice.cause {
      case .damaged(let error), .unplayable(let error): throw error
      case .unreadLink(let number, _): throw .unsupportedLinkType(number)
      default: continue
      }
    }
    guard !contents.sessions.isEmpty else { throw .noSession }
    return contents.sessions
  }

  /// Nil for a conversation that is none of an RTMP client with a whole handshake.
  init?(_ conversation: CapturedConversation) throws(ReplayError) {
    let client = conversation.first
    guard conversation.speech == .rtmp, let first = client.first else { return nil }
    try client.checkWholeness()
    guard client.head.readableBytes == Self.shortest else { return nil }
    let origin = conversation.origin
    said = try RecordedDirection(client, from: first.time, in: origin?.reader, origin?.flow)
    answered = try RecordedDirection(
      conversation.second, from: first.time, in: origin?.reader, origin?.flow.reversed)
    transport = conversation.transport
    self.client = conversation.firstEnd
    server = conversation.secondEnd
    begin = first.time
  }

  /// From bytes of both sides that are in order already.
  init(segments: [Segment], serverSegments: [Segment], transport: Transport) {
    said = RecordedDirection(segments)
    answered = RecordedDirection(serverSegments)
    self.transport = transport
  }
}
