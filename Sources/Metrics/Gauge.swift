import Synchronization

/// A number that goes up and down: sessions, rooms, participants.
///
/// Any thread may change it; one relaxed atomic operation, no lock, no allocation.
public final class Gauge: Sendable {
  private let current = Atomic<Int64>(0)

  /// A gauge at zero.
  public init() {}

  /// Adds `amount` (default one).
  public func add(_ amount: Int64 = 1) {
    current.wrappingAdd(amount, ordering: .relaxed)
  }

  /// Takes `amount` (default one) away.
  public func subtract(_ amount: Int64 = 1) {
    current.wrappingSubtract(amount, ordering: .relaxed)
  }

  /// Replaces the value.
  public func set(_ value: Int64) {
    current.store(value, ordering: .relaxed)
  }

  /// The value now.
  public var value: Int64 { current.load(ordering: .relaxed) }
}
