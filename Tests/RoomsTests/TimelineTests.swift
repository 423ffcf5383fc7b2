import Testing

@testable import Rooms

/// A publisher with one clock for both kinds, and what a timeline makes of its stamps.
private struct Show {
  var timeline = Timeline()
  /// Milliseconds: true time, and what the publisher's clock says.
  var now: Int64 = 0
  var clock: Int64 = 500
  var times: [MediaKind: [Int64]] = [:]

  /// Runs for some milliseconds: sound each 20, a picture each 40. Each message comes `late` milliseconds after it was
  /// made; the clock runs by `rate`.
  mutating func run(_ milliseconds: Int64, rate: Double = 1, late: (Int64) -> Int64 = { _ in 0 }) {
    let start = (now, clock)
    for elapsed in stride(from: 0, to: milliseconds, by: 20) {
      now = start.0 + elapsed
      clock = start.1 + Int64(Double(elapsed) * rate)
      send(.audio, late: late(now))
      if elapsed % 40 == 0 { send(.video, late: late(now)) }
    }
    now = start.0 + milliseconds
    clock = start.1 + Int64(Double(milliseconds) * rate)
  }

  mutating func send(_ kind: MediaKind, late: Int64 = 0, stamp: Int64? = nil) {
    let time = timeline.mediaTime(
      milliseconds: stamp ?? clock, of: kind, elapsed: 7_000, arrival: (now + late) * 1000)
    times[kind, default: []].append(time)
  }

  /// Media time less true time, in milliseconds, of the last message of a kind.
  func lead(_ kind: MediaKind) -> Int64 { ((times[kind]?.last ?? 0) - Timeline.margin - 7_000) / 1000 - now + 20 }

  func steps(_ kind: MediaKind) -> [Int64] {
    let times = times[kind] ?? []
    return zip(times, times.dropFirst()).map { ($1 - $0) / 1000 }
  }
}

@Suite struct TimelineTests {
  @Test(arguments: [0, 0xFFFFF0, 1 << 32 - 1000, -5000, 1 << 50, .max, .min] as [Int64])
  func aPublicationStartsAnywhereAndCountsOnFromTheSpeakersClock(start: Int64) {
    var timeline = Timeline()
    #expect(
      timeline.mediaTime(milliseconds: start, of: .audio, elapsed: 7_000, arrival: 0) == Timeline.margin + 7_000)
    let bounded = min(max(start, -(1 << 50)), 1 << 50)
    // Both ways from the start, but for starts at a bound.
    for next in [bounded - 40, bounded + 33] where abs(next) <= 1 << 50 {
      let time = timeline.mediaTime(milliseconds: next, of: .video, elapsed: 9_000_000, arrival: 20_000)
      #expect(time == Timeline.margin + 7_000 + (next - bounded) * 1000)
    }
  }

  @Test func whenMessagesArriveIsNotWhenTheyAreShown() {
    var show = Show()
    var seed: UInt64 = 9
    // Up to 1.5 s late, at random, as on a mobile line; their order is kept by TCP.
    var latest: Int64 = 0
    show.run(60_000) { now in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      latest = max(latest, now + Int64(seed >> 33) % 1500)
      return latest - now
    }
    #expect(show.steps(.audio).allSatisfy { $0 == 20 })
    #expect(show.steps(.video).allSatisfy { $0 == 40 })
  }

  @Test(arguments: [0.98, 0.999, 1.001, 1.02]) func aClockThatDriftsIsFollowedForHours(rate: Double) {
    var show = Show()
    show.run(7_200_000, rate: rate)
    #expect(show.steps(.audio).allSatisfy { (19...21).contains($0) })
    #expect(show.steps(.video).allSatisfy { (39...41).contains($0) })
    #expect(abs((show.times[.audio]?.last ?? 0) - (show.times[.video]?.last ?? 0)) <= 21_000)
  }

  @Test(arguments: [4_200_000, -4_200_000, 20_000, -20_000, 8_000, -8_000, 4_000_000_000] as [Int64])
  func aClockThatJumpsGoesOnWhereItWas(jump: Int64) {
    var show = Show()
    show.run(60_000)
    show.clock += jump
    // Sound is ahead of pictures in the publisher's queue: the last of these still have stamps of before.
    show.send(.audio)
    show.send(.video, stamp: show.clock - jump)
    show.now += 20
    show.clock += 20
    show.run(60_000)
    for kind in MediaKind.allCases {
      #expect(show.steps(kind).allSatisfy { (0...80).contains($0) }, "\(kind)")
      #expect(abs(show.lead(kind)) <= 60)
    }
    // In step to the millisecond, as before.
    let (sound, picture) = (show.times[.audio] ?? [], Set(show.times[.video] ?? []))
    #expect(sound.suffix(100).count { picture.contains($0) } == 50)
  }

  @Test func aClockThatStoodStillForTenSecondsIsMovedOnByWhatItLost() {
    var show = Show()
    show.run(30_000)
    show.now += 10_000
    show.run(30_000)
    for kind in MediaKind.allCases { #expect(abs(show.lead(kind)) <= 60, "\(kind) \(show.lead(kind))") }
    let sound = show.times[.audio] ?? []
    #expect(zip(sound, sound.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func aClockThatRanOnThroughAStopIsLeftAsItIs() {
    var show = Show()
    show.run(30_000)
    show.now += 10_000
    show.clock += 10_000
    show.run(30_000)
    for kind in MediaKind.allCases { #expect(abs(show.lead(kind)) <= 60) }
    #expect(show.steps(.audio).count { $0 > 1_000 } == 1)
  }

  @Test func aConnectionThatStalledAndCaughtUpIsNoStop() {
    var show = Show()
    show.run(30_000)
    // Nothing arrives for ten seconds, then all at once.
    let end = show.now + 10_000
    show.run(10_000) { max(0, end - $0) }
    show.run(30_000)
    #expect(show.steps(.audio).allSatisfy { $0 == 20 })
    #expect(show.lead(.audio) == 0)
  }

  @Test func soundThatBeginsAfterMinutesIsInStep() {
    var show = Show()
    for _ in 0..<6000 {
      show.send(.video)
      show.now += 40
      show.clock += 40
    }
    show.send(.audio)
    show.send(.video)
    #expect(show.times[.audio]?.last == show.times[.video]?.last)
  }

  @Test func extremeStampsAfterExtremeStampsDoNotOverflow() {
    for stamps in [[Int64.min, .max, 0, .min], [.max, .min, .max, .min]] {
      var timeline = Timeline()
      for (index, stamp) in stamps.enumerated() {
        let time = timeline.mediaTime(
          milliseconds: stamp, of: .audio, elapsed: 10_000_000, arrival: Int64(index) * 1_000_000)
        #expect(time > 0)
      }
    }
  }
}
