/// How long packets stand in queues on their way: the time they take now over the shortest they took lately.
///
/// The clocks of both ends have nothing to do with each other; their distance is in both times and falls out. The
/// shortest time is forgotten after 10 to 20 s, so that clocks which drift, and paths that change, are followed.
struct QueueDelay: Sendable {
  private var current: Int64?
  private var former: Int64?
  private var began: Int64 = 0

  /// Microseconds in queues.
  ///
  /// - Parameters:
  ///   - oneWay: arrival on the receiver's clock less departure on ours, microseconds.
  ///   - now: departure, microseconds.
  mutating func take(_ oneWay: Int64, at now: Int64) -> Int64 {
    if let base, oneWay.clampedSubtracting(base).magnitude > Self.newClock {
      current = nil
      former = nil
    }
    if current == nil || now - began > Self.window {
      former = current
      current = oneWay
      began = now
    }
    current = min(current ?? oneWay, oneWay)
    return oneWay - (base ?? oneWay)
  }

  private var base: Int64? {
    guard let current else { return nil }
    return min(current, former ?? current)
  }

  /// Microseconds.
  private static let window: Int64 = 10_000_000
  /// Nothing stands in a queue for a minute: the receiver's clock was set, or wrapped.
  private static let newClock: UInt64 = 60_000_000
}
