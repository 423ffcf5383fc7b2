/// Bounds of one lane's queue; a job that does not fit is refused and the owner drops by its own rule.
public struct LaneLimits: Sendable, Hashable {
  /// Most jobs with a media time that may wait.
  public var frames: Int
  /// Longest media time between the oldest waiting job and a new one, in microseconds.
  public var span: Int64
  /// Most jobs without a media time that may wait. They have a bound of their own, so that a key frame request or
  /// a change of format still passes when media is refused.
  public var controls: Int

  /// By default 256 frames, two seconds, 64 controls.
  public init(frames: Int = 256, span: Int64 = 2_000_000, controls: Int = 64) {
    self.frames = frames
    self.span = span
    self.controls = controls
  }
}

/// What became of a submitted job.
public enum LaneAdmission: Sendable, Hashable {
  /// It will run unless the lane is closed first; so many jobs wait now, itself included.
  case accepted(waiting: Int)
  /// So many jobs of its kind wait already.
  case full(waiting: Int)
  /// The oldest waiting job is so many microseconds of media older: the worker does not keep up.
  case late(span: Int64)
  /// The lane or the pool is closed.
  case closed
}
