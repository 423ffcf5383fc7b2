import NIOCore

/// The bit rate a receiver thinks it can take, REMB (draft-alvestrand-rmcat-remb-03, section 2.2).
public struct ReceiverEstimatedMaximumBitrate: RTCPBody {
  /// The source that reports.
  public var senderSSRC: UInt32
  /// Bits a second, of all `sources` together; written rounded down to 18 significant bits.
  public var bitRate: UInt64
  /// At most 255.
  public var sources: [UInt32]

  /// An estimate; see the properties.
  public init(senderSSRC: UInt32, bitRate: UInt64, sources: [UInt32]) {
    self.senderSSRC = senderSSRC
    self.bitRate = bitRate
    self.sources = sources
  }

  var packetType: UInt8 { RTCPPacketType.payloadFeedback }
  var countOrFormat: Int { Int(FeedbackFormat.applicationLayer) }
  var bodySize: Int { 16 + sources.count * 4 }

  /// Whether the body of an application-layer feedback message holds an estimate.
  static func recognizes(_ body: ByteBuffer) -> Bool {
    body.getInteger(at: body.readerIndex + 8) == identifier
  }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.payloadFeedback
    senderSSRC = try body.readField(of: type)
    _ = try body.readField(of: type, as: UInt32.self)
    guard try body.readField(of: type, as: UInt32.self) == Self.identifier else {
      throw .malformedReport(type: type, format: countOrFormat)
    }
    let word = try body.readField(of: type, as: UInt32.self)
    let exponent = UInt64(word >> 18 & 0x3F)
    let mantissa = UInt64(word) & Self.largestMantissa
    // An estimate beyond 64 bits is no limit at all; it counts as the largest that can be written.
    bitRate =
      exponent > mantissa.leadingZeroBitCount && mantissa != 0 ? Self.largestMantissa << 46 : mantissa << exponent
    sources = []
    for _ in 0..<(word >> 24) { sources.append(try body.readField(of: type)) }
  }

  func writeBody(into buffer: inout ByteBuffer) throws(RTPError) {
    guard sources.count <= 255 else { throw .tooManyEntries(type: packetType, count: sources.count) }
    let exponent = max(0, 64 - bitRate.leadingZeroBitCount - 18)
    let mantissa = UInt32(truncatingIfNeeded: bitRate >> exponent)
    buffer.writeMultipleIntegers(
      senderSSRC, UInt32(0), Self.identifier, UInt32(sources.count) << 24 | UInt32(exponent) << 18 | mantissa)
    for source in sources { buffer.writeInteger(source) }
  }

  /// Eighteen bits.
  private static let largestMantissa: UInt64 = 0x3FFFF
  /// "REMB".
  private static let identifier: UInt32 = 0x5245_4D42
}
