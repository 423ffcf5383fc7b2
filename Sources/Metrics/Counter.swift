import Synchronization

/// A number that only grows: packets, bytes, refusals, nanoseconds of work.
///
/// Any thread may add; one relaxed atomic addition, no lock, no allocation. The value wraps at 2^64.
public final class Counter: Sendable {
  private let total = Atomic<UInt64>(0)

  /// A counter at zero.
  public init() {}

  /// Adds `amount` (default one).
  public func add(_ amount: UInt64 = 1) {
    total.wrappingAdd(amount, ordering: .relaxed)
  }

  /// Adds a time in the counter's own unit, nanoseconds. Negative times add nothing.
  public func add(_ duration: Duration) {
    add(duration.clampedNanoseconds)
  }

  /// What was counted so far.
  public var value: UInt64 { total.load(ordering: .relaxed) }
}

extension Duration {
  /// Whole nanoseconds, clamped to what a counter can hold: never negative, at most 2^64 - 1.
  var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
    return overflow || carry ? .max : sum
  }
}
