import NIOCore

/// Failures by name, of which those that failed longest ago are forgotten when there are too many.
struct FailureTable: Sendable {
  private struct Failures {
    var count: Int
    var blockedUntil: NIODeadline
    var forgottenAt: NIODeadline
    /// Its place in `order`; an older one there is stale.
    var turn: UInt64
  }

  private let capacity: Int
  private var failures: [String: Failures] = [:]
  /// Names in the order of their last failure, stale places among them.
  private var order = CircularBuffer<(name: String, turn: UInt64)>()
  private var nextTurn: UInt64 = 0

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { failures.count }

  func blocked(_ name: String, at now: NIODeadline) -> NIODeadline {
    failures[name]?.blockedUntil ?? now
  }

  mutating func failed(
    _ name: String, free: Int, first: TimeAmount, longest: TimeAmount, memory: TimeAmount, at now: NIODeadline
  ) {
    let known = failures[name].flatMap { $0.forgottenAt > now ? $0.count : nil } ?? 0
    let count = known + 1
    var blockedUntil = now
    if count > free {
      // Beyond 30 doublings every wait is the longest.
      let doublings = min(count - free - 1, 30)
      let (delay, overflow) = first.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
      blockedUntil = now + min(overflow ? longest : .nanoseconds(delay), longest)
    }
    failures[name] = Failures(
      count: count, blockedUntil: blockedUntil, forgottenAt: blockedUntil + memory, turn: nextTurn)
    order.append((name, nextTurn))
    nextTurn &+= 1
    trim()
  }

  private mutating func trim() {
    while failures.count > capacity || order.count > 2 * capacity {
      guard let oldest = order.popFirst() else { return }
      if failures[oldest.name]?.turn == oldest.turn { failures[oldest.name] = nil }
    }
  }
}
