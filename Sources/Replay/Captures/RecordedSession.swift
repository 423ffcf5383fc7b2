import NIOCore

/// What one RTMP client sent, and when.
public struct RecordedSession: Sendable {
  /// Bytes that the client sent together.
  struct Segment: Sendable {
    /// Microseconds since the client's first byte; never less than the one before.
    let time: Int64
    /// The packet that brought it, counted from 1.
    let packet: Int
    let bytes: ByteBuffer
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
      case .beginMissing: continue
      }
    }
    guard !contents.sessions.isEmpty else { throw .noSession }
    return contents.sessions
  }

  /// Nil for a connection that is none of an RTMP client with a whole handshake.
  init?(_ connection: TCPConnections.Connection) throws(ReplayError) {
    // A client is who speaks first, with the version byte of RTMP.
    let (client, server) = connection.bySpeaker
    guard let first = client.parts.first, first.bytes.getInteger(at: first.bytes.readerIndex, as: UInt8.self) == 3
    else { return nil }
    try client.checkWholeness()
    guard client.beginning(Self.shortest).readableBytes == Self.shortest else { return nil }
    segments = try Self.segments(of: client, from: first.time)
    serverSegments = try Self.segments(of: server, from: first.time)
    serverHello = server.beginning(Self.shortest)
  }

  private static func segments(of stream: TCPStream, from begin: Int64) throws(ReplayError) -> [Segment] {
    var segments: [Segment] = []
    for part in stream.parts {
      let time = max(part.time - begin, segments.last?.time ?? 0)
      guard time <= longest else { throw .impossibleDuration(microseconds: time) }
      segments.append(Segment(time: time, packet: part.packet, bytes: part.bytes))
    }
    return segments
  }
}
