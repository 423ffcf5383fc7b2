/// The one clock of a speaker: which wall-clock time its media time has.
///
/// Sound and picture of a speaker share one value, so the sender reports of both lie on the same line and a receiver
/// can play them in step (RFC 3550, section 6.4.1). When the publisher's time jumps, the owner makes a new value.
public struct SpeakerClock: Sendable, Hashable {
  private let mediaTime: Int64
  private let wallTime: NTPTime

  /// - Parameters:
  ///   - mediaTime: Microseconds of media time at `wallTime`.
  ///   - wallTime: Wall-clock time at `mediaTime`.
  public init(mediaTime: Int64, at wallTime: NTPTime) {
    self.mediaTime = mediaTime
    self.wallTime = wallTime
  }

  /// The wall-clock time of a media time in microseconds.
  public func time(ofMediaTime microseconds: Int64) -> NTPTime {
    wallTime.advanced(byMicroseconds: microseconds.clampedSubtracting(mediaTime))
  }

  /// The media time in microseconds at a wall-clock time within 68 years.
  public func mediaTime(at time: NTPTime) -> Int64 {
    mediaTime.clampedAdding(time.microseconds(since: wallTime))
  }
}

extension Int64 {
  func clampedAdding(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  func clampedSubtracting(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
}
