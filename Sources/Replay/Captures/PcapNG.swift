import NIOCore

/// A packet of a capture.
struct CapturedPacket {
  /// Counted from 1, as Wireshark does.
  let number: Int
  /// Microseconds since the epoch.
  let time: Int64
  /// The bytes from the IP header on.
  let bytes: ByteBuffer
}

/// Reads the packets of a pcapng file (draft-ietf-opsawg-pcapng): section headers, interface descriptions and enhanced
/// packets; other blocks are passed over.
struct PcapNGReader {
  private enum BlockType {
    static let sectionHeader: UInt32 = 0x0A0D_0D0A
    static let interfaceDescription: UInt32 = 1
    static let enhancedPacket: UInt32 = 6
  }

  private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D
  /// Raw IP, without a link header.
  private static let rawIP: UInt16 = 101
  /// Far above any packet; a block that says more is damage.
  private static let longestBlock = 1 << 20

  private let file: ByteBuffer
  private var offset = 0
  private var order = Endianness.little
  /// Ticks per second of each interface.
  private var resolutions: [Int64] = []
  private var count = 0

  init(_ file: ByteBuffer) { self.file = file }

  /// The next packet, nil at the end of the file.
  mutating func next() throws(ReplayError) -> CapturedPacket? {
    while offset < file.readableBytes {
      let start = offset
      guard let type: UInt32 = file.getInteger(at: start, endianness: order) else {
        throw .notACapture(offset: start, "half a block")
      }
      if type == BlockType.sectionHeader { try readByteOrder(at: start) } else if start == 0 {
        throw .notACapture(offset: 0, "no section header")
      }
      guard let length: UInt32 = file.getInteger(at: start + 4, endianness: order), length >= 12, length % 4 == 0,
        Int(length) <= Self.longestBlock, let body = file.getSlice(at: start + 8, length: Int(length) - 12)
      else { throw .notACapture(offset: start, "a block of impossible length") }
      offset = start + Int(length)
      switch type {
      case BlockType.sectionHeader: resolutions = []
      case BlockType.interfaceDescription: try readInterface(body, at: start)
      case BlockType.enhancedPacket: return try readPacket(body, at: start)
      default: break
      }
    }
    return nil
  }

  private mutating func readByteOrder(at start: Int) throws(ReplayError) {
    guard let magic: UInt32 = file.getInteger(at: start + 8, endianness: .little) else {
      throw .notACapture(offset: start, "half a section header")
    }
    switch magic {
    case Self.byteOrderMagic: order = .little
    case Self.byteOrderMagic.byteSwapped: order = .big
    default: throw .notACapture(offset: start, "no byte-order magic")
    }
  }

  private mutating func readInterface(_ body: ByteBuffer, at start: Int) throws(ReplayError) {
    guard let linkType: UInt16 = body.getInteger(at: 0 + body.readerIndex, endianness: order) else {
      throw .notACapture(offset: start, "half an interface description")
    }
    guard linkType == Self.rawIP else { throw .unsupportedLinkType(linkType) }
    resolutions.append(resolution(in: body))
  }

  /// The option `if_tsresol`, a microsecond where it is absent.
  private func resolution(in body: ByteBuffer) -> Int64 {
    var options = body
    options.moveReaderIndex(forwardBy: min(8, options.readableBytes))
    while let code: UInt16 = options.readInteger(endianness: order),
      let length: UInt16 = options.readInteger(endianness: order), code != 0,
      let value = options.readSlice(length: Int(length))
    {
      options.moveReaderIndex(forwardBy: min((4 - Int(length) % 4) % 4, options.readableBytes))
      guard code == 9, let exponent = value.getInteger(at: value.readerIndex, as: UInt8.self) else { continue }
      if exponent & 0x80 != 0 { return 1 << Int64(min(exponent & 0x7F, 40)) }
      return (0..<min(exponent, 12)).reduce(1) { power, _ in power * 10 }
    }
    return 1_000_000
  }

  private mutating func readPacket(_ body: ByteBuffer, at start: Int) throws(ReplayError) -> CapturedPacket {
    var body = body
    guard let interface: UInt32 = body.readInteger(endianness: order),
      let high: UInt32 = body.readInteger(endianness: order),
      let low: UInt32 = body.readInteger(endianness: order),
      let captured: UInt32 = body.readInteger(endianness: order),
      let original: UInt32 = body.readInteger(endianness: order), original >= captured,
      Int(interface) < resolutions.count, let bytes = body.readSlice(length: Int(captured))
    else { throw .notACapture(offset: start, "half a packet") }
    count += 1
    let ticks = UInt64(high) << 32 | UInt64(low)
    let resolution = UInt64(resolutions[Int(interface)])
    let seconds = ticks / resolution
    let time = (seconds &* 1_000_000) &+ (ticks % resolution) &* 1_000_000 / resolution
    return CapturedPacket(number: count, time: Int64(truncatingIfNeeded: time), bytes: bytes)
  }
}
