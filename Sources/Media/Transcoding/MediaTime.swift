/// Arithmetic of media time in microseconds.
enum MediaTime {
  /// Outside times are brought into ±2^52 µs (142 years), where sums of a few of them cannot overflow.
  static func clamp(_ time: Int64) -> Int64 { min(max(time, -(1 << 52)), 1 << 52) }
}
