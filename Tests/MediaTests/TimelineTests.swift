import Testing

@testable import Media
import Seeded

struct PictureTimelineTests {
  @Test(
    arguments: [
      ([0, 40_000, 80_000], [0, 40_000, 80_000]),
      ([-5, 0, 5], [-5, 0, 5]),
      // Equal and disordered times move on by a millisecond.
      ([0, 0, 0, 40_000], [0, 1_000, 2_000, 40_000]),
      ([0, 80_000, 40_000, 120_000], [0, 80_000, 81_000, 120_000]),
      // A second and more back is a new beginning.
      ([5_000_000, 4_000_001, 5_040_000], [5_000_000, 5_001_000, 5_040_000]),
      ([5_000_000, 4_000_000, 4_040_000], [5_000_000, 5_040_000, 5_080_000]),
      // A single wrong time does not move the rest.
      ([10_000_000, 0, 10_080_000], [10_000_000, 10_040_000, 10_080_000]),
      ([0, .max, .max, .min], [0, 1 << 52, (1 << 52) + 1_000, (1 << 52) + 41_000]),
    ] as [([Int64], [Int64])])
  func timesStrictlyIncrease(_ given: [Int64], _ expected: [Int64]) {
    var timeline = PictureTimeline()
    #expect(given.map { timeline.place($0) } == expected)
  }

  @Test func picturesThatWereHeldUpFollowOneThatWasShownAgain() {
    var timeline = PictureTimeline()
    #expect(timeline.place(1_000_000) == 1_000_000)
    #expect(timeline.placeAgain(3_000_000, of: 1_000_000) == 3_000_000)
    #expect(timeline.placeAgain(2_000_000, of: 1_000_000) == 3_001_000)
    // Two seconds behind what was shown again, and yet no new beginning.
    let late: [Int64] = [1_040_000, 2_000_000, 3_002_000, 3_040_000]
    #expect(late.map { timeline.place($0) } == [3_002_000, 3_003_000, 3_004_000, 3_040_000])
    #expect(timeline.place(2_000_000) == 3_080_000, "a second and more back is one")
  }

  @Test func theFirstPictureEncodedMayHaveStoodForLong() {
    var timeline = PictureTimeline()
    #expect(timeline.placeAgain(20_000_000, of: 1_000_000) == 20_000_000)
    #expect(timeline.place(1_040_000) == 20_001_000)
    #expect(timeline.place(20_040_000) == 20_040_000)
  }

  @Test func jumpingToAndFroDoesNotRunOutOfNumbers() {
    var timeline = PictureTimeline()
    var last = Int64.min
    for round in 0..<20_000 {
      let placed = timeline.place(round % 2 == 0 ? .max : .min)
      #expect(placed > last)
      last = placed
    }
    #expect(last < 1 << 56)
  }

  @Test func anyTimesStrictlyIncrease() {
    var random = SeededGenerator(seed: 1)
    var timeline = PictureTimeline()
    var last = Int64.min
    for _ in 0..<10_000 {
      let bits = UInt64.random(in: 0..<64, using: &random)
      let placed = timeline.place(Int64(bitPattern: random.next()) >> bits)
      #expect(placed > last)
      last = placed
    }
  }
}

struct SoundClockTests {
  /// A clock anchored at `time` with so many whole frames out.
  private func clock(at time: Int64, frames: Int) -> SoundClock {
    var clock = SoundClock()
    clock.anchor(at: time)
    for _ in 0..<frames { _ = clock.nextFrame() }
    return clock
  }

  @Test func firstMessageAnchors() {
    var clock = SoundClock()
    #expect(clock.judge(7_000, waiting: 0) == .jump)
    clock.anchor(at: 7_000)
    #expect(clock.judge(7_000, waiting: 0) == .steady)
    #expect(clock.nextFrame() == 7_000)
    #expect(clock.nextFrame() == 27_000)
  }

  @Test func differencesUpToTheToleranceAreNoJump() {
    var clock = self.clock(at: 0, frames: 50)
    // 50 frames and 480 samples: 1 010 ms.
    #expect(clock.judge(1_110_000, waiting: 480) == .steady)
    #expect(clock.judge(1_110_001, waiting: 480) == .jump)
    #expect(clock.judge(910_000, waiting: 480) == .steady)
    #expect(clock.judge(909_999, waiting: 480) == .jump)
    #expect(clock.judge(.max, waiting: 480) == .jump)
    #expect(clock.judge(.min, waiting: 480) == .jump)
  }

  @Test func lastingDifferenceIsCorrectedOnceASecond() {
    for (difference, correction) in [(Int64(20_000), Int32(240)), (-20_000, -240)] {
      var clock = self.clock(at: 0, frames: 0)
      var steps: [SoundClock.Step] = []
      for frame in 0..<100 {
        steps.append(clock.judge(Int64(frame) * 20_000 + difference, waiting: 0))
        _ = clock.nextFrame()
      }
      let corrections = steps.enumerated().filter { $0.element != .steady }
      #expect(corrections.allSatisfy { $0.element == .correct(correction) })
      #expect(corrections.count == 2)
      #expect(zip(corrections, corrections.dropFirst()).allSatisfy { $1.offset - $0.offset == 50 })
    }
  }

  @Test func gapAnchorsAtTheNewTime() {
    var clock = self.clock(at: 0, frames: 10)
    clock.anchor(at: 5_000_000)
    #expect(clock.nextFrame() == 5_000_000)
    #expect(clock.offset == 0)
  }

  @Test func jumpBackGoesOnFromTheEndAndReturnsToTrueTimeWhenItCan() {
    var clock = self.clock(at: 10_000_000, frames: 10)
    clock.anchor(at: 0)
    #expect(clock.offset == 10_200_000)
    #expect(clock.nextFrame() == 10_200_000)
    #expect(clock.judge(20_000, waiting: 0) == .steady)
    // A gap within the shifted time stays shifted.
    clock.anchor(at: 3_000_000)
    #expect(clock.nextFrame() == 13_200_000)
    clock.anchor(at: 14_000_000)
    #expect(clock.nextFrame() == 14_000_000)
    #expect(clock.offset == 0)
  }

  @Test func jumpingToAndFroDoesNotRunOutOfNumbers() {
    var clock = SoundClock()
    var last = Int64.min
    for round in 0..<20_000 {
      let time: Int64 = round % 2 == 0 ? .max : .min
      if clock.judge(time, waiting: 0) == .jump { clock.anchor(at: time) }
      let next = clock.nextFrame()
      #expect(next > last)
      last = next
    }
    #expect(last < 1 << 56)
  }

  @Test func anyMessagesGiveIncreasingTimes() {
    var random = SeededGenerator(seed: 2)
    var clock = SoundClock()
    var last = Int64.min
    for _ in 0..<10_000 {
      let time = Int64(bitPattern: random.next()) >> UInt64.random(in: 0..<64, using: &random)
      if clock.judge(time, waiting: 0) == .jump { clock.anchor(at: time) }
      for _ in 0..<Int.random(in: 0..<3, using: &random) {
        let next = clock.nextFrame()
        #expect(next > last)
        last = next
      }
    }
  }
}
