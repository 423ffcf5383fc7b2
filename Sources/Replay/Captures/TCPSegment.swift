import NIOCore

/// What one packet says of a TCP connection (RFC 791, RFC 8200, RFC 9293); nil for anything that is not TCP.
struct TCPSegment {
  /// One direction of a connection.
  struct Flow: Hashable {
    let source: ByteBuffer
    let destination: ByteBuffer
    let sourcePort: UInt16
    let destinationPort: UInt16
  }

  let flow: Flow
  let sequence: UInt32
  let isSynchronize: Bool
  /// Whether it acknowledges something: all but the first SYN of a connection do.
  let isAcknowledgement: Bool
  let payload: ByteBuffer
  /// Whether the capture holds less of the packet than there was.
  let isCut: Bool

  init?(ip packet: ByteBuffer) {
    let captured = packet.readableBytes
    var packet = packet
    guard let first: UInt8 = packet.getInteger(at: packet.readerIndex) else { return nil }
    let addresses: Addresses?
    switch first >> 4 {
    case 4: addresses = Self.skipIPv4(&packet)
    case 6: addresses = Self.skipIPv6(&packet)
    default: return nil
    }
    guard let addresses, let sourcePort: UInt16 = packet.readInteger(),
      let destinationPort: UInt16 = packet.readInteger(),
      let sequence: UInt32 = packet.readInteger(), packet.readInteger(as: UInt32.self) != nil,
      let offsetAndFlags: UInt16 = packet.readInteger()
    else { return nil }
    let headerLength = Int(offsetAndFlags >> 12) * 4
    guard headerLength >= 20, packet.readSlice(length: headerLength - 14) != nil else { return nil }
    flow = Flow(
      source: addresses.source, destination: addresses.destination, sourcePort: sourcePort,
      destinationPort: destinationPort)
    self.sequence = sequence
    isSynchronize = offsetAndFlags & 0x02 != 0
    isAcknowledgement = offsetAndFlags & 0x10 != 0
    payload = packet
    isCut = addresses.length > captured
  }

  /// Whether a packet is a part of a larger one that went over IPv4.
  static func isFragment(_ packet: ByteBuffer) -> Bool {
    guard let first: UInt8 = packet.getInteger(at: packet.readerIndex), first >> 4 == 4,
      let fragment: UInt16 = packet.getInteger(at: packet.readerIndex + 6),
      let transport: UInt8 = packet.getInteger(at: packet.readerIndex + 9)
    else { return false }
    return fragment & 0x3FFF != 0 && transport == tcp
  }

  private struct Addresses {
    let source: ByteBuffer
    let destination: ByteBuffer
    /// Of the whole packet, as its header says.
    let length: Int
  }

  /// The number of TCP among the protocols over IP.
  private static let tcp: UInt8 = 6

  private static func skipIPv4(_ packet: inout ByteBuffer) -> Addresses? {
    let start = packet.readerIndex
    guard let first: UInt8 = packet.getInteger(at: start), let stated: UInt16 = packet.getInteger(at: start + 2),
      let fragment: UInt16 = packet.getInteger(at: start + 6), fragment & 0x3FFF == 0,
      let transport: UInt8 = packet.getInteger(at: start + 9), transport == tcp,
      let source = packet.getSlice(at: start + 12, length: 4),
      let destination = packet.getSlice(at: start + 16, length: 4)
    else { return nil }
    let headerLength = Int(first & 0x0F) * 4
    // A machine that leaves segmentation to its network card captures packets of no stated length.
    let total = stated == 0 ? packet.readableBytes : Int(stated)
    // TCP avoids fragments (above), so none is put together here; what they carried will be missing, and told.
    // A link may pad short packets: the header says where the packet ends.
    guard headerLength >= 20, total >= headerLength,
      let whole = packet.getSlice(at: start, length: min(total, packet.readableBytes)),
      whole.readableBytes >= headerLength
    else { return nil }
    packet = whole
    packet.moveReaderIndex(forwardBy: headerLength)
    return Addresses(source: source, destination: destination, length: total)
  }

  private static func skipIPv6(_ packet: inout ByteBuffer) -> Addresses? {
    let start = packet.readerIndex
    guard let stated: UInt16 = packet.getInteger(at: start + 4), let next: UInt8 = packet.getInteger(at: start + 6),
      let source = packet.getSlice(at: start + 8, length: 16),
      let destination = packet.getSlice(at: start + 24, length: 16), packet.readableBytes >= 40
    else { return nil }
    let length = stated == 0 ? packet.readableBytes - 40 : Int(stated)
    guard let payload = packet.getSlice(at: start + 40, length: min(length, packet.readableBytes - 40)) else {
      return nil
    }
    packet = payload
    guard skipExtensions(&packet, first: next) else { return nil }
    return Addresses(source: source, destination: destination, length: 40 + length)
  }

  /// Hop-by-hop options, routing and destination options (RFC 8200, section 4); false where no TCP header follows.
  private static func skipExtensions(_ packet: inout ByteBuffer, first: UInt8) -> Bool {
    var next = first
    while extensions.contains(next) {
      guard let following: UInt8 = packet.getInteger(at: packet.readerIndex),
        let units: UInt8 = packet.getInteger(at: packet.readerIndex + 1),
        packet.readSlice(length: (Int(units) + 1) * 8) != nil
      else { return false }
      next = following
    }
    return next == tcp
  }

  private static let extensions: [UInt8] = [0, 43, 60]
}
