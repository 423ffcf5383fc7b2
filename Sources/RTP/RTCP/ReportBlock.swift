import NIOCore

/// What a receiver says about one source (RFC 3550, section 6.4.1).
public struct ReportBlock: Sendable, Hashable {
  static let size = 24

  /// The source reported on.
  public var ssrc: UInt32
  /// Share lost since the last report, in 1/256.
  public var fractionLost: UInt8
  /// Packets lost since the beginning, -8 388 608 to 8 388 607; negative when duplicates outnumber losses.
  public var cumulativeLost: Int32
  /// The highest sequence number received, with the count of its cycles in the upper 16 bits.
  public var highestSequenceNumber: UInt32
  /// Interarrival jitter in clock ticks.
  public var jitter: UInt32
  /// The middle 32 bits of the NTP time in the last sender report; 0 when none came.
  public var lastSenderReport: UInt32
  /// Time since that sender report came, in 1/65 536 s.
  public var delaySinceLastSenderReport: UInt32

  /// A block of the given values; a loss beyond 24 bits is written clamped.
  public init(
    ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, highestSequenceNumber: UInt32, jitter: UInt32,
    lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.highestSequenceNumber = highestSequenceNumber
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  /// The time from our sender report to its echo here, less the time the receiver kept it (RFC 3550, section 6.4.1).
  ///
  /// Nil when the receiver has no report of ours, or when its figures would make the round trip negative.
  public func roundTrip(at now: NTPTime) -> TimeAmount? {
    guard lastSenderReport != 0 else { return nil }
    let units = Int32(bitPattern: now.middle32 &- lastSenderReport &- delaySinceLastSenderReport)
    return units < 0 ? nil : .nanoseconds(Int64(units) * 1_000_000_000 / 65_536)
  }

  init(parsing body: inout ByteBuffer, type: UInt8) throws(RTPError) {
    ssrc = try body.readField(of: type)
    let loss = try body.readField(of: type, as: UInt32.self)
    fractionLost = UInt8(truncatingIfNeeded: loss >> 24)
    // Shifted up and back, so that the 24th bit becomes the sign.
    cumulativeLost = Int32(bitPattern: loss << 8) >> 8
    highestSequenceNumber = try body.readField(of: type)
    jitter = try body.readField(of: type)
    lastSenderReport = try body.readField(of: type)
    delaySinceLastSenderReport = try body.readField(of: type)
  }

  func write(into buffer: inout ByteBuffer) {
    let lost = UInt32(bitPattern: min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)) & 0xFF_FFFF
    buffer.writeMultipleIntegers(
      ssrc, UInt32(fractionLost) << 24 | lost, highestSequenceNumber, jitter, lastSenderReport,
      delaySinceLastSenderReport)
  }

  static func readBlocks(_ body: inout ByteBuffer, count: UInt8, type: UInt8) throws(RTPError) -> [ReportBlock] {
    let needed = Int(count) * size
    guard body.readableBytes >= needed else {
      throw .truncatedReport(type: type, needed: needed, available: body.readableBytes)
    }
    var blocks: [ReportBlock] = []
    blocks.reserveCapacity(Int(count))
    for _ in 0..<count { blocks.append(try ReportBlock(parsing: &body, type: type)) }
    return blocks
  }
}
