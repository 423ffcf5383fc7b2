/// Media time as the ticks and time stamps of one RTP stream.
///
/// Frames are cut once with ticks counted from media time zero; each receiver's stream adds its own random offset
/// (RFC 3550, section 5.1).
public struct StreamClock: Sendable, Hashable {
  /// Ticks a second, at least 1.
  public let clockRate: UInt32
  /// The time stamp of media time zero.
  public let offset: UInt32

  /// A stream with a given offset. A clock rate of 0 counts as 1.
  public init(clockRate: UInt32, offset: UInt32) {
    self.clockRate = max(clockRate, 1)
    self.offset = offset
  }

  /// A stream with a random offset.
  public init(clockRate: UInt32, using generator: inout some RandomNumberGenerator) {
    self.init(clockRate: clockRate, offset: generator.next())
  }

  /// The ticks of a media time in microseconds, rounded down; not wrapped. This is `PacketizedFrame.mediaTime`.
  public static func ticks(ofMediaTime microseconds: Int64, clockRate: UInt32) -> Int64 {
    let (seconds, rest) = microseconds.flooredDivision(by: 1_000_000)
    // The seconds are at most 2^44 and the rate below 2^32: the clamp is for hostile times only.
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: Int64(clockRate))
    if overflow { return seconds < 0 ? .min : .max }
    return whole.clampedAdding(rest * Int64(clockRate) / 1_000_000)
  }

  /// The time stamp on the wire of a frame's ticks.
  public func timestamp(ofTicks ticks: Int64) -> UInt32 {
    offset &+ UInt32(truncatingIfNeeded: ticks)
  }

  /// The time stamp on the wire of a media time in microseconds.
  public func timestamp(ofMediaTime microseconds: Int64) -> UInt32 {
    timestamp(ofTicks: Self.ticks(ofMediaTime: microseconds, clockRate: clockRate))
  }

  /// The pair of times that a sender report says about this stream at wall-clock time `now`.
  public func reportTimes(at now: NTPTime, _ speaker: SpeakerClock) -> (ntpTime: NTPTime, rtpTimestamp: UInt32) {
    (now, timestamp(ofMediaTime: speaker.mediaTime(at: now)))
  }
}
