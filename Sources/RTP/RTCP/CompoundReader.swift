import NIOCore

/// Takes an RTCP compound apart, packet by packet.
///
/// Compounds of reduced size (RFC 5506), which need not begin with a report, are taken too. After an error nothing
/// more can be read: the lengths of what follows are not to be trusted.
public struct CompoundReader {
  /// The largest compound read, in bytes; a datagram of ours is smaller than one Ethernet frame.
  public static let maximumSize = 8192
  /// The most packets read from one compound.
  public static let maximumPackets = 64

  private var rest: ByteBuffer
  private var packets = 0

  /// - Parameter compound: A whole datagram after decryption.
  /// - Throws: `compoundTooLarge` beyond `maximumSize`.
  public init(_ compound: ByteBuffer) throws(RTPError) {
    guard compound.readableBytes <= Self.maximumSize else {
      throw .compoundTooLarge(count: compound.readableBytes, limit: Self.maximumSize)
    }
    rest = compound
  }

  /// All packets of a compound, or the first error.
  public static func readAll(_ compound: ByteBuffer) throws(RTPError) -> [RTCPPacket] {
    var reader = try CompoundReader(compound)
    var packets: [RTCPPacket] = []
    while let packet = try reader.next() { packets.append(packet) }
    return packets
  }

  /// The next packet, nil at the end.
  ///
  /// - Throws: What is wrong with the next packet; from then on the compound has ended.
  public mutating func next() throws(RTPError) -> RTCPPacket? {
    guard rest.readableBytes > 0 else { return nil }
    do {
      return try readPacket()
    } catch {
      rest.clear()
      throw error
    }
  }

  private mutating func readPacket() throws(RTPError) -> RTCPPacket {
    packets += 1
    guard packets <= Self.maximumPackets else {
      throw .compoundTooLarge(count: packets, limit: Self.maximumPackets)
    }
    let available = rest.readableBytes
    guard let flags: UInt8 = rest.readInteger(), let type: UInt8 = rest.readInteger(),
      let words: UInt16 = rest.readInteger()
    else { throw .truncatedReport(type: 0, needed: 4, available: available) }
    guard flags >> 6 == 2 else { throw .unknownVersion(flags >> 6) }
    guard var body = rest.readSlice(length: Int(words) * 4) else {
      throw .truncatedReport(type: type, needed: Int(words) * 4, available: rest.readableBytes)
    }
    if flags & 0x20 != 0 {
      guard rest.readableBytes == 0 else { throw .paddingInsideCompound(type: type) }
      try Self.removePadding(&body)
    }
    return try RTCPPacket(parsing: &body, type: type, countOrFormat: flags & 0x1F)
  }

  private static func removePadding(_ body: inout ByteBuffer) throws(RTPError) {
    let available = body.readableBytes
    let padding = available > 0 ? body.getInteger(at: body.writerIndex - 1, as: UInt8.self) ?? 0 : 0
    guard padding > 0, padding % 4 == 0, Int(padding) <= available else {
      throw .invalidPadding(length: Int(padding), available: available)
    }
    body.moveWriterIndex(to: body.writerIndex - Int(padding))
  }
}
