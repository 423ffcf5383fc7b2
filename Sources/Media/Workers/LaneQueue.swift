import NIOCore

/// The jobs of one lane that wait, in order, and the bounds that keep them few.
struct LaneQueue {
  struct Job: Sendable {
    /// Media time in microseconds; nil for a control.
    var time: Int64?
    var label: TranscodeLabel
    var run: @Sendable (inout LaneStates) -> Void
  }

  private var jobs = CircularBuffer<Job>()
  private var controls = 0
  private let limits: LaneLimits
  /// Share of the worker that this lane is reckoned with.
  let weight: Int

  init(limits: LaneLimits, weight: Int) {
    self.limits = limits
    self.weight = weight
  }

  var isEmpty: Bool { self.jobs.isEmpty }

  mutating func append(_ job: Job) -> LaneAdmission {
    if let time = job.time {
      let frames = self.jobs.count - self.controls
      if frames >= self.limits.frames { return .full(waiting: frames) }
      if let oldest = self.jobs.lazy.compactMap(\.time).first {
        let span = MediaTime.clamp(time) - MediaTime.clamp(oldest)
        if span > self.limits.span { return .late(span: span) }
      }
    } else {
      if self.controls >= self.limits.controls { return .full(waiting: self.controls) }
      self.controls += 1
    }
    self.jobs.append(job)
    return .accepted(waiting: self.jobs.count)
  }

  mutating func popFirst() -> Job? {
    guard let job = self.jobs.popFirst() else { return nil }
    if job.time == nil { self.controls -= 1 }
    return job
  }
}
