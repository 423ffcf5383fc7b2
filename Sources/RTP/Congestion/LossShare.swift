/// The share of packets lost, over at least two seconds and twenty packets.
struct LossShare: Sendable {
  private var lost = 0
  private var arrived = 0
  private var began: Int64?
  /// Between 0 and 1, of the last whole span.
  private(set) var share = 0.0

  mutating func lose() { lost += 1 }

  /// One that was taken for lost came after all.
  mutating func find() { lost = max(0, lost - 1) }

  mutating func arrive() { arrived += 1 }

  /// Whether a span ends here, microseconds; then `share` is of that span, and a new one begins.
  mutating func isDue(at now: Int64) -> Bool {
    guard let began else {
      self.began = now
      return false
    }
    guard now - began >= Self.span, lost + arrived >= Self.packets else { return false }
    share = Double(lost) / Double(lost + arrived)
    self.began = now
    lost = 0
    arrived = 0
    return true
  }

  /// Microseconds.
  private static let span: Int64 = 2_000_000
  private static let packets = 20
}
