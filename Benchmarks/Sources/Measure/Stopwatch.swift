import Glibc

/// Times of a subject and of what it is compared with, taken in turn so that a busy machine hurts all alike.
struct Stopwatch {
  /// A result: median CPU time of this thread in seconds, and the medians of the ratios round by round.
  struct Reading {
    var seconds: Double
    var others: [(name: String, seconds: Double, ratio: Double)]
  }

  var rounds = 15
  /// CPU time so far, in seconds.
  var clock: () -> Double = Self.threadTime

  func read(
    _ subject: () throws -> Void, against others: [(name: String, work: () throws -> Void)] = []
  ) throws -> Reading {
    var times: [Double] = []
    var otherTimes = others.map { _ in [Double]() }
    // One round that does not count warms caches and pools.
    for round in 0...self.rounds {
      let time = try self.seconds(subject)
      if round > 0 { times.append(time) }
      for (index, other) in others.enumerated() {
        let otherTime = try self.seconds(other.work)
        if round > 0 { otherTimes[index].append(otherTime) }
      }
    }
    return Reading(
      seconds: Self.median(times),
      others: others.indices.map { index in
        (
          others[index].name, Self.median(otherTimes[index]),
          Self.median(zip(times, otherTimes[index]).map { $0 / $1 })
        )
      })
  }

  static func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
  }

  private func seconds(_ work: () throws -> Void) throws -> Double {
    let start = self.clock()
    try work()
    return self.clock() - start
  }

  /// CPU time of this thread: other users of the machine do not count.
  static func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
