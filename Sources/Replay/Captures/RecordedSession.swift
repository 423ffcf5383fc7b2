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

  let segments: [Segment]
  /// What the server sent, as far as it was captured without a gap; times count from the client's first byte.
  let serverSegments: [Segment]
  /// What the server answered first: S0, S1 and perhaps S2; tells whether the client echoed S1.
  let serverHello: ByteBuffer

  /// How the client came.
  public internal(set) var transport = Transport.rtmp
  /// The client's end of its connection, of the first one where a tunnel used several; nil for a file.
  public internal(set) var client: CapturedEndpoint?
  /// The server's end; nil for a file.
  public internal(set) var server: CapturedEndpoint?
  /// When the client's first byte came, in microseconds since the epoch; 0 for a file.
  public internal(set) var begin: Int64 = 0

  /// From the first byte to the last, in microseconds; at most a day.
  public var duration: Int64 { segments.last?.time ?? 0 }

  /// Bytes of the client.
  public var byteCount: Int { segments.reduce(0) { $0 + $1.bytes.readableBytes } }

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
    guard conversation.speech == .rtmp, let first = client.parts.first else { return nil }
    try client.checkWholeness()
    guard client.beginning(Self.shortest).readableBytes == Self.shortest else { return nil }
    segments = try Self.segments(of: client, from: first.time)
    serverSegments = try Self.segments(of: conversation.second, from: first.time)
    serverHello = conversation.second.beginning(Self.shortest)
    transport = conversation.transport
    self.client = conversation.firstEnd
    server = conversation.secondEnd
    begin = first.time
  }

  /// From bytes of both sides that are in order already.
  init(segments: [Segment], serverSegments: [Segment], transport: Transport) {
    self.segments = segments
    self.serverSegments = serverSegments
    var hello = ByteBuffer()
    for segment in serverSegments where hello.readableBytes < Self.shortest {
      hello.writeImmutableBuffer(segment.bytes)
    }
    serverHello = hello.getSlice(at: 0, length: min(Self.shortest, hello.readableBytes)) ?? hello
    self.transport = transport
  }

  private static func segments(of stream: TCPStream, from begin: Int64) throws(ReplayError) -> [Segment] {
    var segments: [Segment] = []
    for part in stream.parts {
      let time = max(part.time - begin, segments.last?.time ?? 0)
      guard time <= longest else { throw .impossibleDuration(microseconds: time) }
      segments.append(Segment(time: time, packet: part.packet, bytes: part.bytes, offset: part.offset))
    }
    return segments
  }
}
