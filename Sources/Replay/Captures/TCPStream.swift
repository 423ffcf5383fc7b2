import NIOCore

/// One direction of a TCP connection, put together in order (RFC 9293, section 3.4). Bytes that come again are taken
/// once, and bytes that come early wait; what is missing at the end is an error, for nothing is guessed.
///
/// It counts what came and keeps the begin of it. The rest stays until it is taken, or is not kept at all.
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

  /// What came and was not yet taken; nothing once they are not kept.
  private(set) var parts: [Part] = []
  /// Whether all that comes is kept until it is taken.
  private(set) var keepsParts = true
  /// The first bytes, as many as a handshake has.
  private(set) var head = ByteBuffer()
  /// Parts and bytes that came, kept or not.
  private(set) var partCount = 0
  private(set) var byteCount = 0
  /// The first part and the last one, without their bytes.
  private(set) var first: Part?
  private(set) var last: Part?
  /// The latest time of any part.
  private(set) var latest: Int64 = 0
  /// The sequence number of the first byte of all, if the connection's begin was seen.
  private(set) var initial: UInt32?
  /// The first packet of which the capture holds only the beginning.
  private(set) var cutPacket: Int?
  private var next: UInt32?
  /// The number of the first byte taken.
  private var firstSequence: UInt32?
  private var early: [Early] = []
  private var earlyBytes = 0
  /// Too many waited, and were let go of.
  private var hasLostBytes = false

  /// No window is so large that more than this would be on its way behind a lost segment: what waits longer waits for
  /// something that was not captured.
  private static let mostEarlyBytes = 32 << 20

  init() {}

  /// Bytes that are in order already.
  init(parts: [Part]) { parts.forEach { add($0) } }

  var isEmpty: Bool { partCount == 0 }

  /// Lets go of what is kept, and of all that comes.
  mutating func forgetParts() {
    keepsParts = false
    parts = []
  }

  /// Hands over what came since the last time.
  mutating func takeParts() -> [Part] {
    defer { parts.removeAll(keepingCapacity: true) }
    return parts
  }

  mutating func synchronize(_ sequence: UInt32) {
    initial = sequence
    if isEmpty { next = sequence &+ 1 }
  }

  /// Whether a SYN of this number is this stream's own: repeated, or captured behind what followed it.
  func beginsWith(_ sequence: UInt32) -> Bool {
    guard initial == nil else { return initial == sequence }
    return firstSequence.map { $0 == sequence &+ 1 } ?? true
  }

  mutating func append(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    guard bytes.readableBytes > 0 else { return }
    guard distance(to: sequence) <= 0 else {
      wait(Early(sequence: sequence, packet: packet.number, bytes: bytes))
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

  /// At most so many bytes from the begin, and no more than a handshake has.
  func beginning(_ count: Int) -> ByteBuffer {
    head.getSlice(at: head.readerIndex, length: min(count, head.readableBytes)) ?? head
  }

  /// Only the piece right behind the gap is still of interest when there are too many: it tells what is missing.
  private mutating func wait(_ piece: Early) {
    early.append(piece)
    earlyBytes += piece.bytes.readableBytes
    if earlyBytes > Self.mostEarlyBytes { hasLostBytes = true }
    guard hasLostBytes else { return }
    let nearest = early.min { distance(to: $0.sequence) < distance(to: $1.sequence) }
    early = nearest.map { [$0] } ?? []
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
    earlyBytes = early.reduce(0) { $0 + $1.bytes.readableBytes }
  }

  /// Keeps what is new of bytes that begin no later than those expected.
  private mutating func take(_ bytes: ByteBuffer, sequence: UInt32, of packet: CapturedPacket) {
    let known = -distance(to: sequence)
    guard known < bytes.readableBytes else { return }
    var new = bytes
    new.moveReaderIndex(forwardBy: known)
    if firstSequence == nil { firstSequence = sequence }
    next = sequence &+ UInt32(truncatingIfNeeded: bytes.readableBytes)
    add(Part(packet: packet.number, time: packet.time, bytes: new, offset: packet.offset))
  }

  private mutating func add(_ part: Part) {
    let place = Part(packet: part.packet, time: part.time, bytes: ByteBuffer(), offset: part.offset)
    first = first ?? place
    last = place
    latest = max(latest, part.time)
    partCount += 1
    byteCount += part.bytes.readableBytes
    let missing = min(RecordedSession.shortest - head.readableBytes, part.bytes.readableBytes)
    if missing > 0, let begin = part.bytes.getSlice(at: part.bytes.readerIndex, length: missing) {
      head.writeImmutableBuffer(begin)
    }
    if keepsParts { parts.append(part) }
  }

  /// Signed: a repeated segment begins before what is expected.
  private func distance(to sequence: UInt32) -> Int { Self.distance(from: next ?? sequence, to: sequence) }

  private static func distance(from base: UInt32, to sequence: UInt32) -> Int {
    Int(Int32(bitPattern: sequence &- base))
  }
}
