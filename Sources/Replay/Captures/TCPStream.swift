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
    /// Where that packet stands in the file.
    var offset = 0
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
  /// The number of the first byte taken.
  private var firstSequence: UInt32?
  private var early: [Early] = []

  init() {}

  /// Bytes that are in order already.
  init(parts: [Part]) { self.parts = parts }

  var byteCount: Int { parts.reduce(0) { $0 + $1.bytes.readableBytes } }

  mutating func synchronize(_ sequence: UInt32) {
    initial = sequence
    if parts.isEmpty { next = sequence &+ 1 }
  }

  /// Whether a SYN of this number is this stream's own: repeated, or captured behind what followed it.
  func beginsWith(_ sequence: UInt32) -> Bool {
    guard initial == nil else { return initial == sequence }
    return firstSequence.map { $0 == sequence &+ 1 } ?? true
  }

  mutating func append(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    guard bytes.readableBytes > 0 else { return }
    guard distance(to: sequence) <= 0 else {
      early.append(Early(sequence: sequence, packet: packet.number, bytes: bytes))
      return
    }
    take(bytes, sequence: sequence, of: packet)
    if !early.isEmpty { takeEarly(of: packet) }
  }

  mutating func markCut(packet: Int) {
    if cutPacket == nil { cutPacket = packet }
  }

  /// To be asked when all packets are in.
  /// - Throws: ``ReplayError/cutPacket(packet:)`` or ``ReplayError/missingBytes(packet:count:)``.
  func checkWholeness() throws(ReplayError) {
    if let cutPacket { throw .cutPacket(packet: cutPacket) }
    guard let gap else { return }
    throw .missingBytes(packet: gap.packet, count: gap.count)
  }

  /// Where bytes are missing: the packet behind the gap, and how many.
  var gap: (packet: Int, count: Int)? {
    early.min { distance(to: $0.sequence) < distance(to: $1.sequence) }
      .map { ($0.packet, distance(to: $0.sequence)) }
  }

  /// At most so many bytes from the begin.
  func beginning(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer()
    for part in parts {
      guard bytes.readableBytes < count else { break }
      bytes.writeImmutableBuffer(part.bytes)
    }
    return bytes.readSlice(length: min(count, bytes.readableBytes)) ?? bytes
  }

  /// What waited for the gap that `packet` closed. In order of their numbers, so that many cost no more than sorting
  /// them.
  private mutating func takeEarly(of packet: CapturedPacket) {
    guard early.contains(where: { distance(to: $0.sequence) <= 0 }) else { return }
    let base = next ?? 0
    let waiting = early.sorted {
      Self.distance(from: base, to: $0.sequence) < Self.distance(from: base, to: $1.sequence)
    }
    var taken = 0
    for piece in waiting {
      guard distance(to: piece.sequence) <= 0 else { break }
      take(piece.bytes, sequence: piece.sequence, of: packet)
      taken += 1
    }
    early = Array(waiting.dropFirst(taken))
  }

  /// Keeps what is new of bytes that begin no later than those expected.
  private mutating func take(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    let known = -distance(to: sequence)
    guard known < bytes.readableBytes else { return }
    var new = bytes
    new.moveReaderIndex(forwardBy: known)
    if firstSequence == nil { firstSequence = sequence }
    next = sequence &+ UInt32(truncatingIfNeeded: bytes.readableBytes)
    parts.append(Part(packet: packet.number, time: packet.time, bytes: new, offset: packet.offset))
  }

  /// Signed: a repeated segment begins before what is expected.
  private func distance(to sequence: UInt32) -> Int { Self.distance(from: next ?? sequence, to: sequence) }

  private static func distance(from base: UInt32, to sequence: UInt32) -> Int {
    Int(Int32(bitPattern: sequence &- base))
  }
}
