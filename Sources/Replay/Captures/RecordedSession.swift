import NIOCore

/// What one RTMP client sent, and when.
public struct RecordedSession: Sendable {
  /// Bytes that the client sent together.
  struct Segment: Sendable {
    /// Microseconds since the client's first byte.
    let time: Int64
    let bytes: ByteBuffer
  }

  private(set) var segments: [Segment] = []
  /// What the server answered first: S0, S1 and perhaps S2; tells whether the client echoed S1.
  private(set) var serverHello = ByteBuffer()

  /// From the first byte to the last, in microseconds.
  public var duration: Int64 { segments.last?.time ?? 0 }

  /// Bytes of the client.
  public var byteCount: Int { segments.reduce(0) { $0 + $1.bytes.readableBytes } }

  /// The RTMP client sessions of a pcapng capture.
  /// - Throws: ``ReplayError``.
  public static func read(pcapng file: ByteBuffer) throws(ReplayError) -> [RecordedSession] {
    var reader = PcapNGReader(file)
    var streams: [TCPSegment.Flow: TCPStream] = [:]
    var order: [TCPSegment.Flow] = []
    while let packet = try reader.next() {
      guard let segment = TCPSegment(ip: packet.bytes) else { continue }
      if streams[segment.flow] == nil { order.append(segment.flow) }
      try streams[segment.flow, default: TCPStream()].append(segment, of: packet)
    }
    var sessions: [RecordedSession] = []
    for flow in order {
      // A client is who speaks first, with the version byte of RTMP.
      guard let client = streams[flow], let first = client.parts.first,
        first.bytes.getInteger(at: first.bytes.readerIndex, as: UInt8.self) == 3
      else { continue }
      let server = streams[flow.reversed]
      if let answer = server?.parts.first, answer.time < first.time { continue }
      var session = RecordedSession()
      session.segments = client.parts.map { Segment(time: max(0, $0.time - first.time), bytes: $0.bytes) }
      session.serverHello = server?.beginning(3073) ?? ByteBuffer()
      sessions.append(session)
    }
    guard !sessions.isEmpty else { throw .noSession }
    return sessions
  }
}

extension TCPSegment.Flow {
  var reversed: TCPSegment.Flow {
    TCPSegment.Flow(
      source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort)
  }
}

/// One direction of a TCP connection, put together in order. Repeated bytes are taken once; a gap is an error, for
/// nothing is guessed.
private struct TCPStream {
  private(set) var parts: [(time: Int64, bytes: ByteBuffer)] = []
  private var next: UInt32?

  mutating func append(_ segment: TCPSegment, of packet: CapturedPacket) throws(ReplayError) {
    if segment.isSynchronize {
      next = segment.sequence &+ 1
      return
    }
    var payload = segment.payload
    guard payload.readableBytes > 0 else { return }
    // Signed: a repeated segment begins before what is expected.
    let ahead = Int32(bitPattern: segment.sequence &- (next ?? segment.sequence))
    guard ahead <= 0 else { throw .missingBytes(packet: packet.number, count: Int(ahead)) }
    let known = Int(-Int64(ahead))
    guard known < payload.readableBytes else { return }
    payload.moveReaderIndex(forwardBy: known)
    next = segment.sequence &+ UInt32(segment.payload.readableBytes)
    parts.append((packet.time, payload))
  }

  func beginning(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer()
    for part in parts where bytes.readableBytes < count {
      bytes.writeImmutableBuffer(part.bytes)
    }
    return bytes.getSlice(at: 0, length: min(count, bytes.readableBytes)) ?? ByteBuffer()
  }
}
