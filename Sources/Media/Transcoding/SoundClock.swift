/// Lays a continuous run of samples on the media time that its messages claim.
///
/// Time runs by the count of samples. Messages only steer it: a small difference is evened out slowly, a large
/// one moves the anchor.
struct SoundClock: Sendable {
  /// What to do before the sound of a message is taken in.
  enum Step: Equatable {
    /// Go on.
    case steady
    /// Go on, but stretch (positive) or shorten by so many samples over the next `SoundClock.correctionDistance`.
    case correct(Int32)
    /// Close the frame at hand with silence, then call `anchor(at:)` with the message's time.
    case jump
  }

  /// Time of sample 0, in microseconds.
  private var anchor: Int64 = 0
  /// How far the stream's own time is shifted; other than 0 only after the stream jumped back.
  private(set) var offset: Int64 = 0
  private var frames: Int64 = 0
  private var isAnchored = false
  /// Smoothed difference between claimed and counted time, in microseconds.
  private var drift: Int64 = 0
  private var correctedUntil: Int64 = 0

  /// Judges a message of `time`, when `waiting` samples beyond the whole frames are at hand.
  mutating func judge(_ time: Int64, waiting: Int64) -> Step {
    guard self.isAnchored else { return .jump }
    let counted = self.frames * Self.frameSamples + waiting
    let difference = MediaTime.clamp(time) + self.offset - (self.anchor + counted * 125 / 6)
    guard abs(difference) <= Self.tolerance else { return .jump }
    self.drift += (difference - self.drift) / 32
    guard abs(self.drift) > Self.deadZone, counted >= self.correctedUntil else { return .steady }
    self.correctedUntil = counted + Int64(Self.correctionDistance)
    return .correct(self.drift > 0 ? Self.correction : -Self.correction)
  }

  /// Starts the count anew at `time`, or right after the last frame if `time` lies before its end.
  mutating func anchor(at time: Int64) {
    let time = MediaTime.clamp(time)
    let end = self.end
    if !self.isAnchored || time >= end {
      self.offset = 0
    } else if time + self.offset < end || time + self.offset > MediaTime.ceiling {
      // A stream that jumps to and fro would otherwise push its time up without end.
      self.offset = end - time
    }
    self.anchor = time + self.offset
    self.frames = 0
    self.drift = 0
    self.correctedUntil = 0
    self.isAnchored = true
  }

  /// Time of the next whole frame; each call moves on by one frame of 20 ms.
  mutating func nextFrame() -> Int64 {
    defer { self.frames += 1 }
    return self.end
  }

  private var end: Int64 { self.anchor + self.frames * Self.frameDuration }

  /// A difference beyond 100 ms is a gap or a jump, not jitter.
  static let tolerance: Int64 = 100_000
  /// Below 5 ms nothing is corrected.
  static let deadZone: Int64 = 5_000
  /// 240 samples in 48 000 (0.5 %, a twelfth of a semitone) cannot be heard in speech.
  static let correction: Int32 = 240
  /// Output samples over which one correction is spread: a second.
  static let correctionDistance: Int32 = 48_000
  private static let frameSamples: Int64 = 960
  private static let frameDuration: Int64 = 20_000
}
