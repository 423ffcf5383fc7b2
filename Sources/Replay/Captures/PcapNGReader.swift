import NIOCore

/// Reads the packets of a pcapng file (draft-ietf-opsawg-pcapng): section headers, interface descriptions, enhanced and
/// obsolete packets. Packets without a time, counts of drops and TLS secrets are remarked; other blocks are passed over.
struct PcapNGReader {
  private enum BlockType {
    /// Reads the same in both byte orders.
    static let sectionHeader: UInt32 = 0x0A0D_0D0A
    static let interfaceDescription: UInt32 = 1
    /// What old programs wrote; it has counts of drops where the enhanced one has nothing.
    static let packet: UInt32 = 2
    /// A packet without time and interface.
    static let simplePacket: UInt32 = 3
    static let interfaceStatistics: UInt32 = 5
    static let enhancedPacket: UInt32 = 6
    static let decryptionSecrets: UInt32 = 10
  }

  private struct Interface {
    let link: LinkType
    let ticksPerSecond: UInt64
    /// Seconds to add to every time.
    let offset: Int64
    /// Packets that its latest statistics say were lost.
    var drops: UInt64 = 0
  }

  private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D
  /// Far above any packet; a block that says more is damage.
  private static let longestBlock = 1 << 20
  /// `if_tsresol`, the resolution of time stamps.
  private static let resolutionOption: UInt16 = 9
  /// `if_tsoffset`, seconds to add to them.
  private static let offsetOption: UInt16 = 14
  /// `isb_ifdrop` and `isb_osdrop`, packets lost since the capture began.
  private static let dropOptions: [UInt16] = [5, 7]
  /// The secrets type of a TLS key log.
  private static let tlsKeyLog: UInt32 = 0x544C_534B

  private var file: CaptureWindow
  private var offset = 0
  private var order = Endianness.little
  private var interfaces: [Interface] = []
  private var count = 0
  /// What the file said beside its packets so far.
  private(set) var remarks = CaptureRemarks()

  init(_ file: CaptureWindow) { self.file = file }

  /// The reader as it was before a packet of its file.
  func mark(before packet: CapturedPacket) -> PcapNGReader {
    var copy = self
    copy.file = file.emptied
    copy.offset = packet.offset
    copy.count = packet.number - 1
    copy.remarks = CaptureRemarks()
    return copy
  }

  /// The next packet, nil at the end of the file.
  mutating func next() throws(ReplayError) -> CapturedPacket? {
    while offset < file.count {
      let start = offset
      let (type, body) = try readBlock()
      switch type {
      case BlockType.sectionHeader: interfaces = []
      case BlockType.interfaceDescription: interfaces.append(try interface(body, at: start))
      case BlockType.enhancedPacket, BlockType.packet:
        return try packet(body, isEnhanced: type == BlockType.enhancedPacket, at: start)
      case BlockType.simplePacket:
        count += 1
        remarks.noteTimeless(packet: count, offset: start)
      case BlockType.interfaceStatistics: noteStatistics(body, at: start)
      case BlockType.decryptionSecrets:
        if body.getInteger(at: body.readerIndex, endianness: order) == Self.tlsKeyLog { remarks.hasTLSSecrets = true }
      default: break
      }
    }
    return nil
  }

  private mutating func noteStatistics(_ body: ByteBuffer, at start: Int) {
    var options = body
    guard let index: UInt32 = options.readInteger(endianness: order), options.readSlice(length: 8) != nil,
      Int(index) < interfaces.count
    else { return }
    var drops: UInt64 = 0
    while let (code, value) = readOption(&options) {
      guard Self.dropOptions.contains(code),
        let count: UInt64 = value.getInteger(at: value.readerIndex, endianness: order)
      else { continue }
      drops = max(drops, count)
    }
    let known = interfaces[Int(index)].drops
    guard drops > known else { return }
    interfaces[Int(index)].drops = drops
    remarks.drops.append(.init(packet: count, offset: start, packets: drops - known))
  }

  /// Nil at the end of the options, or where they make no sense.
  private func readOption(_ options: inout ByteBuffer) -> (code: UInt16, value: ByteBuffer)? {
    guard let code: UInt16 = options.readInteger(endianness: order), code != 0,
      let length: UInt16 = options.readInteger(endianness: order), let value = options.readSlice(length: Int(length))
    else { return nil }
    // Options are padded to four bytes.
    options.moveReaderIndex(forwardBy: min((4 - Int(length) % 4) % 4, options.readableBytes))
    return (code, value)
  }

  private mutating func readBlock() throws(ReplayError) -> (type: UInt32, body: ByteBuffer) {
    let start = offset
    guard let type: UInt32 = try file.integer(at: start, endianness: order) else {
      throw .notACapture(offset: start, "half a block")
    }
    if type == BlockType.sectionHeader {
      order = try byteOrder(at: start)
    } else if start == 0 {
      throw .notACapture(offset: 0, "no section header")
    }
    guard let length: UInt32 = try file.integer(at: start + 4, endianness: order), length >= 12, length % 4 == 0,
      Int(length) <= Self.longestBlock, let body = try file.bytes(at: start + 8, count: Int(length) - 12),
      let repeated: UInt32 = try file.integer(at: start + Int(length) - 4, endianness: order)
    else { throw .notACapture(offset: start, "a block of impossible length") }
    guard repeated == length else { throw .notACapture(offset: start, "a block with two lengths") }
    offset = start + Int(length)
    return (type, body)
  }

  private mutating func byteOrder(at start: Int) throws(ReplayError) -> Endianness {
    guard let magic: UInt32 = try file.integer(at: start + 8, endianness: .little) else {
      throw .notACapture(offset: start, "half a section header")
    }
    switch magic {
    case Self.byteOrderMagic: return .little
    case Self.byteOrderMagic.byteSwapped: return .big
    default: throw .notACapture(offset: start, "no byte-order magic")
    }
  }

  private func interface(_ body: ByteBuffer, at start: Int) throws(ReplayError) -> Interface {
    var body = body
    guard let linkType: UInt16 = body.readInteger(endianness: order), body.readSlice(length: 6) != nil else {
      throw .notACapture(offset: start, "half an interface description")
    }
    var ticks: UInt64 = 1_000_000
    var offset: Int64 = 0
    while let (code, value) = readOption(&body) {
      switch code {
      case Self.resolutionOption:
        if let exponent: UInt8 = value.getInteger(at: value.readerIndex) {
          ticks = try Self.ticks(resolution: exponent, at: start)
        }
      case Self.offsetOption: offset = value.getInteger(at: value.readerIndex, endianness: order) ?? 0
      default: continue
      }
    }
    return Interface(link: LinkType(rawValue: linkType), ticksPerSecond: ticks, offset: offset)
  }

  /// Ticks in a second; a microsecond each where the option is absent.
  private static func ticks(resolution exponent: UInt8, at start: Int) throws(ReplayError) -> UInt64 {
    let isBinary = exponent & 0x80 != 0
    // Finer ones would not fit the arithmetic of times, and no clock has them.
    guard exponent & 0x7F <= (isBinary ? 40 : 12) else {
      throw .notACapture(offset: start, "an impossible time resolution")
    }
    return isBinary ? 1 << UInt64(exponent & 0x7F) : (0..<exponent).reduce(1) { power, _ in power * 10 }
  }

  private mutating func packet(
    _ body: ByteBuffer, isEnhanced: Bool, at start: Int
  ) throws(ReplayError) -> CapturedPacket {
    var body = body
    guard let index = readInterface(&body, isEnhanced: isEnhanced),
      let high: UInt32 = body.readInteger(endianness: order), let low: UInt32 = body.readInteger(endianness: order),
      let captured: UInt32 = body.readInteger(endianness: order),
      let original: UInt32 = body.readInteger(endianness: order), index < interfaces.count,
      let bytes = body.readSlice(length: Int(captured))
    else { throw .notACapture(offset: start, "half a packet") }
    count += 1
    let interface = interfaces[index]
    let ticks = UInt64(high) << 32 | UInt64(low)
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: interface.ticksPerSecond)
    // At most 10^12 ticks a second: the product stays within 64 bits.
    let fraction = rest * 1_000_000 / interface.ticksPerSecond
    guard let stated = Int64(exactly: seconds) else { throw .impossibleTime(packet: count) }
    let (moved, overflow) = stated.addingReportingOverflow(interface.offset)
    let (time, tooLarge) = moved.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow, !tooLarge, (0...Int64.max - 1_000_000).contains(time) else {
      throw .impossibleTime(packet: count)
    }
    return CapturedPacket(
      number: count, offset: start, time: time + Int64(fraction), link: interface.link, bytes: bytes,
      cut: original > captured ? Int(original - captured) : 0)
  }

  private func readInterface(_ body: inout ByteBuffer, isEnhanced: Bool) -> Int? {
    if isEnhanced { return body.readInteger(endianness: order, as: UInt32.self).map(Int.init) }
    guard let index: UInt16 = body.readInteger(endianness: order), body.readInteger(as: UInt16.self) != nil else {
      return nil
    }
    return Int(index)
  }
}
