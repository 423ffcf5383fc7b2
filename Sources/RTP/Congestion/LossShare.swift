/// The share of packets lost, over at least two seconds and twenty packets, and what was sent meanwhile.
struct LossShare: Sendable {
  private var bytes = 0
  private var lost = 0
  private var arrived = 0
  private var began: Int64?
  /// Between 0 and 1, of the last whole span.
  private(set) var share = 0.0
  /// Bits a second that were sent in it, as far as they were reported on.
  private(set) var sent = 0

  mutating func lose(_ bytes: Int) {
    lost += 1
    self.bytes += bytes
  }

  /// One that was taken for lost came after all.
  mutating func find(_ bytes: Int) {
    lost = max(0, lost - 1)
    self.bytes = max(0, self.bytes - bytes)
  }

  mutating func arrive(_ bytes: Int) {
    arrived += 1
    self.bytes += bytes
  }

  /// Whether a span ends here, microseconds; then `share` is of that span, and a new one begins.
  mutating func isDue(at now: Int64) -> Bool {
    guard let began else {
      self.began = now
      return false
    }
    guard now - began >= Self.span, lost + arrived >= Self.packets else { return false }
    share = Double(lost) / Double(lost + arrived)
    sent = Int(Double(bytes) * 8e6 / Double(now - began))
    self.began = now
    bytes = 0
    lost = 0
    arrived = 0
    return true
  }

  /// Microseconds.
  private static let span: Int64 = 2_000_000
  private static let packets = 20
}
