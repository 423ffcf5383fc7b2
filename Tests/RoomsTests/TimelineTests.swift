import Testing

@testable import Rooms

@Suite struct TimelineTests {
  @Test(arguments: [0, 0xFFFFF0, 1 << 32 - 1000, -5000, 1 << 50, .max, .min] as [Int64])
  func aPublicationStartsAnywhereAndCountsOnFromTheSpeakersClock(start: Int64) {
    var timeline = Timeline()
    #expect(timeline.mediaTime(milliseconds: start, elapsed: 7_000) == Timeline.margin + 7_000)
    let bounded = min(max(start, -(1 << 50)), 1 << 50)
    // From then on arrival plays no part. Both ways from the start, but for starts at a bound.
    for next in [bounded - 40, bounded + 33] where abs(next) <= 1 << 50 {
      let time = timeline.mediaTime(milliseconds: next, elapsed: 9_000_000)
      #expect(time == Timeline.margin + 7_000 + (next - bounded) * 1000)
    }
  }

  @Test func extremeStampsAfterExtremeStampsDoNotOverflow() {
    var timeline = Timeline()
    _ = timeline.mediaTime(milliseconds: .min, elapsed: 10_000_000)
    #expect(timeline.mediaTime(milliseconds: .max, elapsed: 0) > 0)
    var other = Timeline()
    _ = other.mediaTime(milliseconds: .max, elapsed: 10_000_000)
    #expect(other.mediaTime(milliseconds: .min, elapsed: 0) < 0)
  }
}
