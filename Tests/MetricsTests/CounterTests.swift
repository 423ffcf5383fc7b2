import Testing

@testable import Metrics

@Suite struct CounterTests {
  @Test func aCounterStartsAtZeroAndAddsUp() {
    let counter = Counter()
    #expect(counter.value == 0)
    counter.add()
    counter.add(41)
    #expect(counter.value == 42)
  }

  @Test func aCounterTakesTimesInNanosecondsAndNeverRunsBackwards() {
    let counter = Counter()
    counter.add(.microseconds(3))
    counter.add(.seconds(-1))
    counter.add(.nanoseconds(-1))
    #expect(counter.value == 3_000)
    #expect(Duration.seconds(Int64.max).clampedNanoseconds == .max)
  }

  @Test func countsFromManyThreadsAreAllThere() async {
    let counter = Counter()
    let gauge = Gauge()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter.add()
            gauge.add(2)
            gauge.subtract()
          }
        }
      }
    }
    #expect(counter.value == 80_000)
    #expect(gauge.value == 80_000)
  }

  @Test func aGaugeGoesBelowZeroAndIsReplaced() {
    let gauge = Gauge()
    gauge.subtract(5)
    #expect(gauge.value == -5)
    gauge.set(7)
    #expect(gauge.value == 7)
  }
}

@Suite struct HistogramTests {
  @Test func aBoundBelongsToItsBucketAndOneMoreToTheNext() {
    let histogram = Histogram(bounds: [10, 20])
    histogram.record(nanoseconds: 10)
    histogram.record(nanoseconds: 11)
    histogram.record(nanoseconds: 20)
    histogram.record(nanoseconds: 21)
    let snapshot = histogram.snapshot()
    #expect(snapshot.cumulative == [1, 3, 4])
    #expect(snapshot.count == 4)
    #expect(snapshot.sum == 62)
  }

  @Test func aNegativeTimeCountsAsZero() {
    let histogram = Histogram(bounds: [1])
    histogram.record(.milliseconds(-3))
    #expect(histogram.snapshot() == Histogram.Snapshot(cumulative: [1, 1], sum: 0))
  }
}
