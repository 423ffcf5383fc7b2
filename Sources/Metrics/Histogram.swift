/// How long something took, counted into buckets by upper bound.
///
/// Times are whole nanoseconds, so that recording is two relaxed atomic additions and no floating point; the exposition
/// writes seconds. Any thread may record.
public final class Histogram: Sendable {
  /// Upper bounds of the buckets in nanoseconds, strictly ascending; what is above the last one is counted too.
  public let bounds: [UInt64]
  private let buckets: [Counter]
  private let sum = Counter()

  /// A histogram with nothing in it.
  /// - Parameter bounds: upper bounds in nanoseconds, strictly ascending, at least one.
  public init(bounds: [UInt64]) {
    precondition(
      !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
      "histogram bounds must ascend")
    self.bounds = bounds
    self.buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// Counts one observation. A bound belongs to its bucket (`le`).
  public func record(nanoseconds: UInt64) {
    // A dozen bounds at most: a walk is as quick as a search and needs no branch table.
    var index = 0
    while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
    buckets[index].add()
    sum.add(nanoseconds)
  }

  /// Counts one observation. Negative times count as zero.
  public func record(_ duration: Duration) {
    record(nanoseconds: duration.clampedNanoseconds)
  }

  /// What was recorded so far. The total is the sum of the buckets, so a scrape in the middle of a record never
  /// shows more in a bucket than in the total.
  public func snapshot() -> Snapshot {
    var cumulative: [UInt64] = []
    cumulative.reserveCapacity(buckets.count)
    var running: UInt64 = 0
    for bucket in buckets {
      running &+= bucket.value
      cumulative.append(running)
    }
    return Snapshot(cumulative: cumulative, sum: sum.value)
  }

  /// Values of a histogram at one moment.
  public struct Snapshot: Sendable, Equatable {
    /// Observations at or under each bound, then all of them: one more entry than there are bounds.
    public let cumulative: [UInt64]
    /// Sum of all observations in nanoseconds.
    public let sum: UInt64
    /// Number of observations.
    public var count: UInt64 { cumulative.last ?? 0 }
  }
}
