import NIOCore

/// What a receiver report says about one source, kept packet by packet (RFC 3550, appendices A.1, A.3 and A.8).
public struct ReceptionStatistics: Sendable {
  private enum State {
    /// No packet yet.
    case empty
    case receiving(Reception)
  }

  private struct Reception {
    var first: Int64
    var highest: Int64
    var received: Int64 = 0
    var expectedBefore: Int64 = 0
    var receivedBefore: Int64 = 0
    /// Difference of arrival and time stamp of the packet before, in ticks modulo 2^32.
    var transit: UInt32
    /// Sixteen times the jitter, in ticks.
    var scaledJitter: Int64 = 0
    /// The number after a jump, if it comes next, restarts the count.
    var restart: UInt16?

    var expected: Int64 { highest - first + 1 }
  }

  private struct Echo {
    let middle32: UInt32
    let receivedAt: NIODeadline
  }

  private let clockRate: UInt32
  private var state = State.empty
  private var echo: Echo?

  /// - Parameter clockRate: Ticks a second of the source's time stamps.
  public init(clockRate: UInt32) {
    self.clockRate = clockRate
  }

  /// Packets received so far, repeated ones included; a restart of the source begins anew.
  public var received: Int64 {
    if case .receiving(let reception) = state { reception.received } else { 0 }
  }

  /// Packets lost so far: those expected less those received, negative when repetitions outnumber losses.
  public var cumulativeLost: Int64 {
    if case .receiving(let reception) = state { reception.expected - reception.received } else { 0 }
  }

  /// Counts a packet.
  ///
  /// A number far ahead or behind is not counted unless the next one follows it: then the source has restarted.
  ///
  /// - Returns: Whether the packet was counted.
  @discardableResult
  public mutating func receive(_ header: RTPHeader, at now: NIODeadline) -> Bool {
    let transit = ticks(now) &- header.timestamp
    guard case .receiving(var reception) = state else {
      state = .receiving(Self.begin(header.sequenceNumber, transit: transit))
      return true
    }
    let step = Int64(Int16(bitPattern: header.sequenceNumber &- UInt16(truncatingIfNeeded: reception.highest)))
    guard (-Self.maximumMisorder...Self.maximumDropout).contains(step) else {
      if reception.restart == header.sequenceNumber {
        state = .receiving(Self.begin(header.sequenceNumber, transit: transit))
        return true
      }
      reception.restart = header.sequenceNumber &+ 1
      state = .receiving(reception)
      return false
    }
    reception.restart = nil
    reception.highest = max(reception.highest, reception.highest + step)
    reception.received += 1
    // RFC 3550, A.8: J += |D| - J/16, kept sixteenfold so that integers suffice.
    let change = Int64(Int32(bitPattern: transit &- reception.transit).magnitude)
    reception.transit = transit
    reception.scaledJitter += change - (reception.scaledJitter + 8) >> 4
    state = .receiving(reception)
    return true
  }

  /// Notes a sender report of the source, to be echoed.
  public mutating func receive(_ report: SenderReport, at now: NIODeadline) {
    echo = Echo(middle32: report.ntpTime.middle32, receivedAt: now)
  }

  /// The block for the next report; the share lost is counted from the block before. Nil before the first packet.
  public mutating func report(ssrc: UInt32, at now: NIODeadline) -> ReportBlock? {
    guard case .receiving(var reception) = state else { return nil }
    let expected = reception.expected - reception.expectedBefore
    let lost = expected - (reception.received - reception.receivedBefore)
    reception.expectedBefore = reception.expected
    reception.receivedBefore = reception.received
    state = .receiving(reception)
    let delay = echo.map { max((now - $0.receivedAt).nanoseconds, 0) } ?? 0
    return ReportBlock(
      ssrc: ssrc,
      // All lost is 256/256, which eight bits cannot say.
      fractionLost: expected > 0 && lost > 0 ? UInt8(min(lost * 256 / expected, 255)) : 0,
      cumulativeLost: Int32(clamping: min(max(reception.expected - reception.received, -0x80_0000), 0x7F_FFFF)),
      highestSequenceNumber: UInt32(truncatingIfNeeded: reception.highest),
      jitter: UInt32(clamping: reception.scaledJitter >> 4), lastSenderReport: echo?.middle32 ?? 0,
      delaySinceLastSenderReport: UInt32(clamping: Self.sixteenBitFraction(delay)))
  }

  private static func begin(_ sequenceNumber: UInt16, transit: UInt32) -> Reception {
    let first = Int64(sequenceNumber)
    return Reception(first: first, highest: first, received: 1, transit: transit)
  }

  private func ticks(_ now: NIODeadline) -> UInt32 {
    let (seconds, rest) = now.uptimeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return UInt32(truncatingIfNeeded: seconds &* UInt64(clockRate) &+ rest * UInt64(clockRate) / 1_000_000_000)
  }

  /// Nanoseconds in 1/65 536 s.
  private static func sixteenBitFraction(_ nanoseconds: Int64) -> Int64 {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return seconds &* 65_536 &+ rest * 65_536 / 1_000_000_000
  }

  /// RFC 3550, A.1: a jump ahead by more is no loss but another stream.
  private static let maximumDropout: Int64 = 3000
  /// RFC 3550, A.1: a packet behind by more is none of this stream.
  private static let maximumMisorder: Int64 = 100
}
