/// How fast a recording is played.
public enum ReplayPace: Sendable, Hashable {
  /// So many times faster than it was recorded; 0.001 to 1000.
  case times(Double)
  /// As fast as the gateway takes it.
  case max

  /// As it was recorded.
  public static let recorded = ReplayPace.times(1)

  /// Reads `1`, `2.5`, `max`; nil for anything else.
  public init?(_ text: String) {
    if text == "max" {
      self = .max
    } else if let factor = Double(text), (0.001...1000).contains(factor) {
      self = .times(factor)
    } else {
      return nil
    }
  }

  /// Whether it is faster than the recorded client was.
  var isFasterThanRecorded: Bool {
    switch self {
    case .max: true
    case .times(let factor): factor > 1
    }
  }

  /// Nanoseconds of playing until a recorded time, which is at most a few days.
  func nanoseconds(ofMicroseconds time: Int64) -> Int64 {
    switch self {
    case .max: 0
    case .times(1): time * 1000
    case .times(let factor): Int64(Double(time) * 1000 / factor)
    }
  }
}
