import NIOCore

/// Whether the next picture of a speaker is about to come.
struct PicturePace {
  private var last: NIODeadline?
  /// Between the last two; taken as short until there are two.
  private var interval = TimeAmount.zero

  /// The longest wait that a joiner does not notice.
  private static let soon = TimeAmount.milliseconds(80)

  /// A picture came.
  mutating func picture(at now: NIODeadline) {
    if let last, now > last { interval = now - last }
    last = now
  }

  /// True when pictures come in quick succession, and the next one is not overdue.
  func expectsPicture(at now: NIODeadline) -> Bool {
    guard let last else { return false }
    return interval <= Self.soon && now - last <= Self.soon
  }
}
