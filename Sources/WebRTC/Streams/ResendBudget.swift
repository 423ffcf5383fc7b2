import NIOCore

/// How many packets a receiver may ask for again: a bucket that fills with time. One small NACK names hundreds of
/// packets, so without a bound it would be a lever against our uplink.
struct ResendBudget {
  private var tokens = Self.burst
  private var filled: NIODeadline

  init(at now: NIODeadline) { self.filled = now }

  /// Takes one packet's worth, if there is one.
  mutating func take(at now: NIODeadline) -> Bool {
    let earned = (now - self.filled).nanoseconds / Self.interval.nanoseconds
    if earned > 0 {
      self.tokens = min(Self.burst, self.tokens + Int(clamping: earned))
      self.filled = self.filled + Self.interval * Int(clamping: earned)
    }
    guard self.tokens > 0 else { return false }
    self.tokens -= 1
    return true
  }

  /// 500 packets a second, which is some 5 Mb/s of repairs.
  private static let interval = TimeAmount.milliseconds(2)
  private static let burst = 512
}
