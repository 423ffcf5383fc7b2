import NIOCore

/// The packets of a TCP connection as they might have been, around what was said on it (RFC 9293).
///
/// Whoever stands between two connections sees bytes, not packets. This makes one connection between the real client
/// and the real server out of them, with right sequence numbers and checksums. Every packet acknowledges all that was
/// said before, so nothing is ever repeated or lost.
///
/// Bytes that are not recorded still count: ``skip(_:from:)`` leaves the gap that a capture with losses has.
public struct TCPNarration: Sendable {
  /// Who speaks.
  public enum Side: Sendable, Hashable {
    /// Who asked for the connection.
    case client
    /// Who took it.
    case server

    var other: Side { self == .client ? .server : .client }
  }

  private enum Flag {
    static let finish: UInt8 = 0x01
    static let synchronize: UInt8 = 0x02
    static let reset: UInt8 = 0x04
    static let push: UInt8 = 0x08
    static let acknowledge: UInt8 = 0x10
  }

  private struct End {
    let address: IPPacket.Address
    let port: UInt16
    /// The number of its next byte.
    var next: UInt32
    var hasFinished = false
    var identification: UInt16 = 0
  }

  /// As loopback has it: fewer packets than an Ethernet's, and within what IPv4 can say.
  static let longestSegment = 32_768
  /// 65 535 times 2^14 is a gigabyte: nobody's window is ever full.
  private static let window: UInt16 = 65_535
  /// Maximum segment size, then no operation and the window's scale.
  private static let synchronizeOptions: [UInt8] = [2, 4, 0xFF, 0xD7, 1, 3, 3, 14]

  private var client: End
  private var server: End
  private var isOver = false

  /// A connection that nobody has asked for yet.
  /// - Parameters:
  ///   - client: where it comes from.
  ///   - server: where it goes to. When only one of both has an IPv4 address, it is written as an IPv6 one (RFC 4291,
  ///     2.5.5.2).
  ///   - number: the client's initial sequence number; the server's is made from it.
  /// - Returns: nil for addresses that are none.
  public init?(client: CapturedEndpoint, server: CapturedEndpoint, number: UInt32) {
    guard var from = IPPacket.Address(client.address), var to = IPPacket.Address(server.address) else { return nil }
    if from.isIPv4 != to.isIPv4 {
      from = from.mapped
      to = to.mapped
    }
    self.client = End(address: from, port: client.port, next: number)
    self.server = End(address: to, port: server.port, next: ~number)
  }

  /// The three packets of the begin.
  public mutating func open() -> [ByteBuffer] {
    let asked = packet(from: .client, flags: Flag.synchronize, options: Self.synchronizeOptions)
    client.next &+= 1
    let answered = packet(
      from: .server, flags: Flag.synchronize | Flag.acknowledge, options: Self.synchronizeOptions)
    server.next &+= 1
    return [asked, answered, packet(from: .client, flags: Flag.acknowledge)]
  }

  /// What a client gets that nobody listens for: a question and its refusal.
  public mutating func refuse() -> [ByteBuffer] {
    let asked = packet(from: .client, flags: Flag.synchronize, options: Self.synchronizeOptions)
    client.next &+= 1
    isOver = true
    return [asked, packet(from: .server, flags: Flag.reset | Flag.acknowledge)]
  }

  /// The packets that bring these bytes.
  public mutating func say(_ bytes: ByteBuffer, from side: Side) -> [ByteBuffer] {
    guard !isOver, !self[side].hasFinished else { return [] }
    var bytes = bytes
    var packets: [ByteBuffer] = []
    while let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.longestSegment)), piece.readableBytes > 0 {
      packets.append(packet(from: side, flags: Flag.push | Flag.acknowledge, payload: piece))
      self[side].next &+= UInt32(truncatingIfNeeded: piece.readableBytes)
    }
    return packets
  }

  /// Counts bytes that were said and are not recorded.
  public mutating func skip(_ count: Int, from side: Side) {
    self[side].next &+= UInt32(truncatingIfNeeded: count)
  }

  /// A side has said all: its FIN, and the other's acknowledgement. Nothing when it was said before.
  public mutating func finish(_ side: Side) -> [ByteBuffer] {
    guard !isOver, !self[side].hasFinished else { return [] }
    let last = packet(from: side, flags: Flag.finish | Flag.acknowledge)
    self[side].next &+= 1
    self[side].hasFinished = true
    return [last, packet(from: side.other, flags: Flag.acknowledge)]
  }

  /// A side breaks the connection off. Nothing when it is over.
  public mutating func reset(_ side: Side) -> [ByteBuffer] {
    guard !isOver else { return [] }
    defer { isOver = true }
    if client.hasFinished, server.hasFinished { return [] }
    return [packet(from: side, flags: Flag.reset | Flag.acknowledge)]
  }

  private subscript(side: Side) -> End {
    get { side == .client ? client : server }
    set { if side == .client { client = newValue } else { server = newValue } }
  }

  private mutating func packet(
    from side: Side, flags: UInt8, options: [UInt8] = [], payload: ByteBuffer = ByteBuffer()
  ) -> ByteBuffer {
    let (end, other) = (self[side], self[side.other])
    var segment = ByteBuffer()
    segment.reserveCapacity(20 + options.count + payload.readableBytes)
    segment.writeInteger(end.port)
    segment.writeInteger(other.port)
    segment.writeInteger(end.next)
    segment.writeInteger(flags & Flag.acknowledge == 0 ? 0 : other.next)
    segment.writeInteger(UInt8(truncatingIfNeeded: (20 + options.count) / 4) << 4)
    segment.writeInteger(flags)
    segment.writeInteger(Self.window)
    // Checksum and urgent pointer.
    segment.writeInteger(0 as UInt32)
    segment.writeBytes(options)
    segment.writeImmutableBuffer(payload)
    self[side].identification &+= 1
    return IPPacket.tcp(segment, from: end.address, to: other.address, identification: end.identification)
  }
}
