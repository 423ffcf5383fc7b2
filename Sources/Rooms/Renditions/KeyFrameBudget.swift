import NIOCore

/// How often receivers may have a key frame made: each costs all of them, and some ask every 40 ms until they have one.
///
/// A few requests in a row are served at once, so that one who joins does not wait for what another one asked.
struct KeyFrameBudget {
  static let size = 2
  static let refill = TimeAmount.milliseconds(350)

  /// When each key frame of the budget may be asked for again.
  private var free = [NIODeadline](repeating: .uptimeNanoseconds(0), count: size)

  /// Takes one out of the budget; false when it is used up.
  mutating func take(at now: NIODeadline) -> Bool {
    guard let index = free.firstIndex(where: { $0 <= now }), let latest = free.max() else { return false }
    free[index] = max(now, latest) + Self.refill
    return true
  }
}
