/// How long a failed codec rests before it is tried again, in the track's own media time.
struct CodecBackoff {
  private enum State {
    case well
    /// A worker was lost while it worked on this track, which need not be the track's fault: it may happen once.
    case suspected(since: Int64)
    case resting(from: Int64, wait: Int64)
  }

  private var state = State.well

  static let shortest: Int64 = 1_000_000
  static let longest: Int64 = 30_000_000
  /// Media that must go well until a failure is forgotten.
  static let probation: Int64 = 10_000_000

  /// Whether a codec may be opened at this media time (microseconds).
  func allows(_ time: Int64) -> Bool {
    switch state {
    case .well, .suspected: true
    // A clock that was set back must not make the rest longer.
    case .resting(let from, let wait): time >= from + wait || time < from
    }
  }

  /// A codec failed.
  mutating func failed(at time: Int64) {
    switch state {
    case .well, .suspected: state = .resting(from: time, wait: Self.shortest)
    case .resting(_, let wait): state = .resting(from: time, wait: min(wait * 2, Self.longest))
    }
  }

  /// The worker was lost while it had this track's frame.
  mutating func lostAtWork(at time: Int64) {
    if case .well = state { state = .suspected(since: time) } else { failed(at: time) }
  }

  /// A frame went well. A codec that fails again and again has frames between that go well, so one does not do.
  mutating func succeeded(at time: Int64) {
    switch state {
    case .well: break
    case .suspected(let since): if time - since >= Self.probation { state = .well }
    case .resting(let from, let wait): if time - from >= wait + Self.probation { state = .well }
    }
  }
}
