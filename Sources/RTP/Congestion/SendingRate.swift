import NIOCore

/// What is sent, from a count of bytes looked at now and then.
struct SendingRate: Sendable {
  /// Bits a second over the last half second or more; nil before that.
  private(set) var bitRate: Int?
  private var sampled: (bytes: UInt64, at: NIODeadline)?

  mutating func sample(_ bytes: UInt64, at now: NIODeadline) {
    guard let sampled else {
      self.sampled = (bytes, now)
      return
    }
    let elapsed = now - sampled.at
    guard elapsed >= Self.span else { return }
    bitRate = Int(Double(bytes &- sampled.bytes) * 8e9 / Double(elapsed.nanoseconds))
    self.sampled = (bytes, now)
  }

  private static let span = TimeAmount.milliseconds(500)
}
