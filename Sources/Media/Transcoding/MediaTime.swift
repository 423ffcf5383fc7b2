/// Arithmetic of media time in microseconds.
enum MediaTime {
  /// Output times stay below this, however often a stream jumps; beyond, time goes on by the smallest steps only.
  static let ceiling: Int64 = 1 << 55

  /// Outside times are brought into ±2^52 µs (142 years), where sums of a few of them cannot overflow.
  static func clamp(_ time: Int64) -> Int64 { min(max(time, -(1 << 52)), 1 << 52) }
}
