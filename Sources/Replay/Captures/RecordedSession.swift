import NIOCore

/// What one RTMP client sent, and when.
public struct RecordedSession: Sendable {
  /// Bytes that the client sent together.
  struct Segment: Sendable {
    /// Microseconds since the client's first byte; never less than the one before.
    let time: Int64
    let bytes: ByteBuffer
  }

  /// C0, C1 and C2 (spec 5.2): less is no session.
  static let shortest = 1 + 2 * 1536
  /// A step in the capture's clock of more than this, in microseconds, is damage.
  static let longest: Int64 = 24 * 3600 * 1_000_000

  let segments: [Segment]
  /// What the server answered first: S0, S1 and perhaps S2; tells whether the client echoed S1.
  let serverHello: ByteBuffer

  /// From the first byte to the last, in microseconds; at most a day.
  public var duration: Int64 { segments.last?.time ?? 0 }

  /// Bytes of the client.
  public var byteCount: Int { segments.reduce(0) { $0 + $1.bytes.readableBytes } }

  /// The RTMP client sessions of a pcapng capture, in the order in which they began.
  /// - Throws: ``ReplayError``.
  public static func read(pcapng file: ByteBuffer) throws(ReplayError) -> [RecordedSession] {
    var reader = PcapNGReader(file)
    var connections = TCPConnections()
    while let packet = try reader.next() {
      if let segment = TCPSegment(ip: packet.bytes) { connections.append(segment, of: packet) }
    }
    var sessions: [RecordedSession] = []
    for connection in connections.all {
      if let session = try RecordedSession(connection) { sessions.append(session) }
    }
    guard !sessions.isEmpty else { throw .noSession }
    return sessions
  }

  /// Nil for a connection that is none of an RTMP client with a whole handshake.
  private init?(_ connection: TCPConnections.Connection) throws(ReplayError) {
    // A client is who speaks first, with the version byte of RTMP.
    let (client, server) = connection.bySpeaker
    guard let first = client.parts.first, first.bytes.getInteger(at: first.bytes.readerIndex, as: UInt8.self) == 3
    else { return nil }
    try client.checkWholeness()
    guard client.beginning(Self.shortest).readableBytes == Self.shortest else { return nil }
    var segments: [Segment] = []
    for part in client.parts {
      let time = max(part.time - first.time, segments.last?.time ?? 0)
      guard time <= Self.longest else { throw .impossibleDuration(microseconds: time) }
      segments.append(Segment(time: time, bytes: part.bytes))
    }
    self.segments = segments
    serverHello = server.beginning(Self.shortest)
  }
}
