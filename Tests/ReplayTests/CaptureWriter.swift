import NIOCore

/// Writes pcapng files, right ones and others.
struct CaptureWriter {
  enum Resolution {
    case unstated
    case decimal(UInt8)
    case binary(UInt8)

    var option: UInt8? {
      switch self {
      case .unstated: nil
      case .decimal(let exponent): exponent
      case .binary(let exponent): exponent | 0x80
      }
    }

    func ticks(microseconds: Int64) -> UInt64 {
      let time = UInt64(microseconds)
      switch self {
      case .unstated: return time
      case .decimal(let exponent):
        let power = (0..<abs(Int(exponent) - 6)).reduce(UInt64(1)) { power, _ in power * 10 }
        return exponent >= 6 ? time * power : time / power
      case .binary(let exponent):
        // Rounded up, so that reading, which rounds down, gives the same microsecond where ticks are finer.
        let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000)
        return seconds << UInt64(exponent) + ((rest << UInt64(exponent)) + 999_999) / 1_000_000
      }
    }
  }

  private(set) var bytes = ByteBuffer()
  let order: Endianness
  let resolution: Resolution

  init(order: Endianness = .little, resolution: Resolution = .unstated, linkType: UInt16 = 101) {
    self.order = order
    self.resolution = resolution
    var header = ByteBuffer()
    header.writeInteger(0x1A2B_3C4D as UInt32, endianness: order)
    header.writeInteger(1 as UInt16, endianness: order)
    header.writeInteger(0 as UInt16, endianness: order)
    header.writeInteger(-1 as Int64, endianness: order)
    block(0x0A0D_0D0A, header)
    var interface = ByteBuffer()
    interface.writeInteger(linkType, endianness: order)
    interface.writeInteger(0 as UInt16, endianness: order)
    interface.writeInteger(0 as UInt32, endianness: order)
    // An option before the one that counts, with padding.
    option(2, [0x6C, 0x6F, 0x30], into: &interface)
    if let exponent = resolution.option { option(9, [exponent], into: &interface) }
    option(0, [], into: &interface)
    block(1, interface)
  }

  /// Where a packet's block begins, found by the blocks' lengths alone.
  func offset(ofPacket number: Int) -> Int {
    var (offset, count) = (0, 0)
    while let type: UInt32 = bytes.getInteger(at: offset, endianness: order),
      let length: UInt32 = bytes.getInteger(at: offset + 4, endianness: order), length > 0
    {
      if type == 6 || type == 3 { count += 1 }
      if count == number { return offset }
      offset += Int(length)
    }
    return -1
  }

  private func option(_ code: UInt16, _ value: [UInt8], into body: inout ByteBuffer) {
    body.writeInteger(code, endianness: order)
    body.writeInteger(UInt16(value.count), endianness: order)
    body.writeBytes(value)
    body.writeRepeatingByte(0, count: (4 - value.count % 4) % 4)
  }

  mutating func block(_ type: UInt32, _ body: ByteBuffer) {
    let padding = (4 - body.readableBytes % 4) % 4
    let length = UInt32(12 + body.readableBytes + padding)
    bytes.writeInteger(type, endianness: order)
    bytes.writeInteger(length, endianness: order)
    bytes.writeImmutableBuffer(body)
    bytes.writeRepeatingByte(0, count: padding)
    bytes.writeInteger(length, endianness: order)
  }

  mutating func packet(_ packet: [UInt8], at microseconds: Int64, interface: UInt32 = 0, cut: Int = 0) {
    var body = ByteBuffer()
    let ticks = resolution.ticks(microseconds: microseconds)
    body.writeInteger(interface, endianness: order)
    body.writeInteger(UInt32(truncatingIfNeeded: ticks >> 32), endianness: order)
    body.writeInteger(UInt32(truncatingIfNeeded: ticks), endianness: order)
    body.writeInteger(UInt32(packet.count), endianness: order)
    body.writeInteger(UInt32(packet.count + cut), endianness: order)
    body.writeBytes(packet)
    block(6, body)
  }
}

/// One direction of a made-up TCP connection.
struct Talker {
  enum Network { case ipv4, ipv4WithOptions, ipv6 }

  static let synchronize: UInt8 = 2
  static let finish: UInt8 = 1

  var network = Network.ipv4
  var from: UInt8 = 1
  var to: UInt8 = 2
  var fromPort: UInt16 = 40_000
  var toPort: UInt16 = 1935

  var answering: Talker { Talker(network: network, from: to, to: from, fromPort: toPort, toPort: fromPort) }

  func says(
    _ payload: some Collection<UInt8>, sequence: UInt32, flags: UInt8 = 0, acknowledging: Bool = true
  ) -> [UInt8] {
    var segment = ByteBuffer()
    segment.writeMultipleIntegers(fromPort, toPort, sequence, 0 as UInt32)
    // Six words: a header with an option of no meaning.
    let allFlags = flags | (acknowledging ? 0x10 : 0)
    segment.writeMultipleIntegers(0x60 as UInt8, allFlags, 0xFFFF as UInt16, 0 as UInt32, 0x0101_0101 as UInt32)
    segment.writeBytes(payload)
    var packet = ByteBuffer()
    switch network {
    case .ipv4, .ipv4WithOptions:
      let words: UInt8 = network == .ipv4 ? 5 : 6
      packet.writeMultipleIntegers(
        0x40 | words, 0 as UInt8, UInt16(Int(words) * 4 + segment.readableBytes), 7 as UInt16, 0x4000 as UInt16,
        64 as UInt8, 6 as UInt8, 0 as UInt16)
      packet.writeBytes([192, 0, 2, from, 192, 0, 2, to])
      if words == 6 { packet.writeBytes([1, 1, 1, 0]) }
    case .ipv6:
      packet.writeMultipleIntegers(0x6000_0000 as UInt32, UInt16(segment.readableBytes), 6 as UInt8, 64 as UInt8)
      for last in [from, to] { packet.writeBytes([0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [last]) }
    }
    packet.writeImmutableBuffer(segment)
    return Array(packet.readableBytesView)
  }
}

/// What a client and a server might say: a handshake with an echoed S1, then some bytes.
enum Conversation {
  static let c1 = [UInt8](repeating: 0xC1, count: 1536)
  static let s1 = (0..<1536).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  static let rest = (0..<50).map { UInt8($0) }
  static let client: [UInt8] = [3] + c1 + s1 + rest
  static let server: [UInt8] = [3] + s1 + c1 + [9, 9, 9]
}
