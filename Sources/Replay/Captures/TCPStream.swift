import NIOCore

/// One direction of a TCP connection, put together in order (RFC 9293, section 3.4). Bytes that come again are taken
/// once, and bytes that come early wait; what is missing at the end is an error, for nothing is guessed.
struct TCPStream {
  /// Bytes that came together.
  struct Part {
    /// The packet that brought them, or that closed the gap before them.
    let packet: Int
    /// Microseconds since the epoch.
    let time: Int64
    let bytes: ByteBuffer
  }

  /// Bytes behind a gap.
  private struct Early {
    let sequence: UInt32
    let packet: Int
    let bytes: ByteBuffer
  }

  private(set) var parts: [Part] = []
  /// The sequence number of the first byte of all, if the connection's begin was seen.
  private(set) var initial: UInt32?
  /// The first packet of which the capture holds only the beginning.
  private(set) var cutPacket: Int?
  private var next: UInt32?
  private var early: [Early] = []

  mutating func synchronize(_ sequence: UInt32) {
    initial = sequence
    next = sequence &+ 1
  }

  mutating func append(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    guard bytes.readableBytes > 0 else { return }
    guard distance(to: sequence) <= 0 else {
      early.append(Early(sequence: sequence, packet: packet.number, bytes: bytes))
      return
    }
    take(bytes, sequence: sequence, of: packet)
    while let index = early.firstIndex(where: { distance(to: $0.sequence) <= 0 }) {
      let due = early.remove(at: index)
      take(due.bytes, sequence: due.sequence, of: packet)
    }
  }

  mutating func markCut(packet: Int) {
    if cutPacket == nil { cutPacket = packet }
  }

  /// To be asked when all packets are in.
  /// - Throws: ``ReplayError/cutPacket(packet:)`` or ``ReplayError/missingBytes(packet:count:)``.
  func checkWholeness() throws(ReplayError) {
    if let cutPacket { throw .cutPacket(packet: cutPacket) }
    guard let first = early.min(by: { distance(to: $0.sequence) < distance(to: $1.sequence) }) else { return }
    throw .missingBytes(packet: first.packet, count: distance(to: first.sequence))
  }

  /// At most so many bytes from the begin.
  func beginning(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer()
    for part in parts where bytes.readableBytes < count {
      bytes.writeImmutableBuffer(part.bytes)
    }
    return bytes.readSlice(length: min(count, bytes.readableBytes)) ?? bytes
  }

  /// Keeps what is new of bytes that begin no later than those expected.
  private mutating func take(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    let known = -distance(to: sequence)
    guard known < bytes.readableBytes else { return }
    var new = bytes
    new.moveReaderIndex(forwardBy: known)
    next = sequence &+ UInt32(truncatingIfNeeded: bytes.readableBytes)
    parts.append(Part(packet: packet.number, time: packet.time, bytes: new))
  }

  /// Signed: a repeated segment begins before what is expected.
  private func distance(to sequence: UInt32) -> Int {
    Int(Int32(bitPattern: sequence &- (next ?? sequence)))
  }
}
