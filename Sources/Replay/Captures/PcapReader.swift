import NIOCore

/// Reads the packets of a pcap file (draft-ietf-opsawg-pcap): one header, then records in the byte order and with the
/// time resolution that its magic number tells.
struct PcapReader {
  private static let microsecondMagic: UInt32 = 0xA1B2_C3D4
  private static let nanosecondMagic: UInt32 = 0xA1B2_3C4D
  private static let headerLength = 24
  private static let recordHeaderLength = 16
  /// Far above any packet; a record that says more is damage.
  private static let longestRecord = 1 << 20

  private var file: CaptureWindow
  private let order: Endianness
  private let fractionsPerMicrosecond: UInt32
  private let link: LinkType
  private var offset = headerLength
  private var count = 0

  /// Nil when the file is none of this format.
  init?(_ file: CaptureWindow) throws(ReplayError) {
    var file = file
    guard let magic: UInt32 = try file.integer(at: 0, endianness: .little) else { return nil }
    switch magic {
    case Self.microsecondMagic: (order, fractionsPerMicrosecond) = (.little, 1)
    case Self.nanosecondMagic: (order, fractionsPerMicrosecond) = (.little, 1000)
    case Self.microsecondMagic.byteSwapped: (order, fractionsPerMicrosecond) = (.big, 1)
    case Self.nanosecondMagic.byteSwapped: (order, fractionsPerMicrosecond) = (.big, 1000)
    default: return nil
    }
    guard let network: UInt32 = try file.integer(at: 20, endianness: order) else {
      throw .notACapture(offset: 0, "half a file header")
    }
    // The upper bits say whether frame check sequences follow; nothing here reads that far.
    link = LinkType(rawValue: UInt16(truncatingIfNeeded: network))
    self.file = file
  }

  /// The reader as it was before a packet of its file.
  func mark(before packet: CapturedPacket) -> PcapReader {
    var copy = self
    copy.file = file.emptied
    copy.offset = packet.offset
    copy.count = packet.number - 1
    return copy
  }

  /// The next packet, nil at the end of the file.
  mutating func next() throws(ReplayError) -> CapturedPacket? {
    guard offset < file.count else { return nil }
    let start = offset
    guard let seconds: UInt32 = try file.integer(at: start, endianness: order),
      let fraction: UInt32 = try file.integer(at: start + 4, endianness: order),
      let captured: UInt32 = try file.integer(at: start + 8, endianness: order),
      let original: UInt32 = try file.integer(at: start + 12, endianness: order)
    else { throw .notACapture(offset: start, "half a record header") }
    guard captured <= Self.longestRecord,
      let bytes = try file.bytes(at: start + Self.recordHeaderLength, count: Int(captured))
    else { throw .notACapture(offset: start, "a record of impossible length") }
    count += 1
    guard fraction / fractionsPerMicrosecond < 1_000_000 else { throw .impossibleTime(packet: count) }
    offset = start + Self.recordHeaderLength + Int(captured)
    return CapturedPacket(
      number: count, offset: start, time: Int64(seconds) * 1_000_000 + Int64(fraction / fractionsPerMicrosecond),
      link: link,
      bytes: bytes, cut: original > captured ? Int(original - captured) : 0)
  }
}
