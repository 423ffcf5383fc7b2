import NIOCore
import Testing

@testable import RTP
import Seeded

@Suite struct NTPTimeTests {
  @Test func theUnixEpochIsSeventyYearsAfter1900() {
    #expect(NTPTime(unixMicroseconds: 0).rawValue == 2_208_988_800 << 32)
  }

  @Test func halfASecondIsHalfTheFraction() {
    let time = NTPTime(unixMicroseconds: 500_000)
    #expect(time.seconds == 2_208_988_800)
    #expect(time.fraction == 0x8000_0000)
  }

  // The figure of RFC 3550, section 6.4.1: 0xb44db705 20000000 has the middle b705:2000.
  @Test func theMiddleIsSixteenBitsOfEach() {
    #expect(NTPTime(rawValue: 0xB44D_B705_2000_0000).middle32 == 0xB705_2000)
  }

  @Test func timeBeforeTheUnixEpochCountsBackwards() {
    #expect(NTPTime(unixMicroseconds: -1_500_000).rawValue == UInt64(2_208_988_798) << 32 + 1 << 31)
  }

  @Test func theEraEndsWithoutATrap() {
    let last = NTPTime(rawValue: .max)
    let next = last.advanced(byMicroseconds: 1_000_000)
    #expect(next.seconds == 0)
    #expect(next.microseconds(since: last) == 1_000_000)
  }

  @Test func microsecondsComeBackAsTheyWentIn() {
    var generator = SeededGenerator(seed: 1)
    let start = NTPTime(rawValue: 0xE000_0000_1234_5678)
    for _ in 0..<10_000 {
      let microseconds = Int64.random(in: -2_000_000_000_000_000...2_000_000_000_000_000, using: &generator)
      #expect(start.advanced(byMicroseconds: microseconds).microseconds(since: start) == microseconds)
    }
  }

  @Test func theFarthestTimesDoNotTrap() {
    let time = NTPTime(rawValue: 5)
    #expect(time.advanced(byMicroseconds: .min) != time.advanced(byMicroseconds: .max))
  }
}

@Suite struct NTPClockTests {
  @Test func wallTimeFollowsMonotonicTimeBothWays() {
    let start = NTPTime(unixMicroseconds: 1_000_000)
    let clock = NTPClock(start, at: .uptimeNanoseconds(5_000_000_000))
    #expect(clock.time(at: .uptimeNanoseconds(5_250_000_000)).microseconds(since: start) == 250_000)
    #expect(clock.time(at: .uptimeNanoseconds(4_000_000_000)).microseconds(since: start) == -1_000_000)
  }
}

@Suite struct SpeakerClockTests {
  private let wall = NTPTime(unixMicroseconds: 1_700_000_000_000_000)

  @Test func mediaTimeAndWallTimeAreOneLine() {
    let clock = SpeakerClock(mediaTime: 40_000, at: wall)
    #expect(clock.time(ofMediaTime: 1_040_000) == wall.advanced(byMicroseconds: 1_000_000))
    #expect(clock.mediaTime(at: wall.advanced(byMicroseconds: -40_000)) == 0)
  }

  @Test func hostileMediaTimesAreClamped() {
    let clock = SpeakerClock(mediaTime: .min, at: wall)
    _ = clock.time(ofMediaTime: .max)
    #expect(SpeakerClock(mediaTime: .max, at: wall).mediaTime(at: wall.advanced(byMicroseconds: 9)) == .max)
  }

  /// What a receiver does (RFC 3550, section 6.4.1): take the last report of each stream as a point, and from there
  /// reckon when each time stamp was captured. Sound and picture of one media time must come out together.
  @Test func reportsOfBothStreamsPutSoundAndPictureTogether() {
    var generator = SeededGenerator(seed: 2)
    let speaker = SpeakerClock(mediaTime: 123_456, at: wall)
    let audio = StreamClock(clockRate: 48_000, using: &generator)
    let video = StreamClock(clockRate: 90_000, using: &generator)
    #expect(audio.offset != video.offset)
    for _ in 0..<1000 {
      let reportedAudio = audio.reportTimes(at: wall.advanced(byMicroseconds: .random(in: 0...9_999_999)), speaker)
      let reportedVideo = video.reportTimes(at: wall.advanced(byMicroseconds: .random(in: 0...9_999_999)), speaker)
      let mediaTime = Int64.random(in: 0...3_600_000_000, using: &generator)
      let captured = [(audio, reportedAudio), (video, reportedVideo)].map { clock, report in
        let ticks = Int32(bitPattern: clock.timestamp(ofMediaTime: mediaTime) &- report.rtpTimestamp)
        return report.ntpTime.advanced(byMicroseconds: Int64(ticks) * 1_000_000 / Int64(clock.clockRate))
      }
      #expect(abs(captured[0].microseconds(since: captured[1])) < 100)
      #expect(abs(captured[0].microseconds(since: speaker.time(ofMediaTime: mediaTime))) < 100)
    }
  }
}

@Suite struct StreamClockTests {
  @Test(arguments: [
    (Int64(0), UInt32(90_000), Int64(0)), (1_000_000, 90_000, 90_000), (33_333, 90_000, 2999), (20_000, 48_000, 960),
    (-20_000, 48_000, -960), (-1, 8000, -1), (4_294_967_296_000, 90_000, 386_547_056_640),
  ])
  func ticksAreRoundedDown(microseconds: Int64, clockRate: UInt32, ticks: Int64) {
    #expect(StreamClock.ticks(ofMediaTime: microseconds, clockRate: clockRate) == ticks)
  }

  @Test func theTimeStampWrapsWithItsOffset() {
    let clock = StreamClock(clockRate: 90_000, offset: .max)
    #expect(clock.timestamp(ofTicks: 0) == .max)
    #expect(clock.timestamp(ofTicks: 1) == 0)
    #expect(clock.timestamp(ofTicks: -1) == UInt32.max - 1)
    #expect(clock.timestamp(ofTicks: 1 << 32) == .max)
  }

  @Test func hostileTimesAreClamped() {
    #expect(StreamClock.ticks(ofMediaTime: .max, clockRate: .max) == .max)
    #expect(StreamClock.ticks(ofMediaTime: .min, clockRate: .max) == .min)
    #expect(StreamClock(clockRate: 0, offset: 0).clockRate == 1)
  }
}

@Suite struct UnwrapperTests {
  @Test func numbersRunOnPastTheWrap() {
    var unwrapper = SequenceNumberUnwrapper()
    #expect([65_534, 65_535, 0, 1].map { unwrapper.unwrap($0) } == [65_534, 65_535, 65_536, 65_537])
  }

  @Test func aLateNumberIsPutBeforeTheWrap() {
    var unwrapper = SequenceNumberUnwrapper()
    #expect([2, 65_535, 3].map { unwrapper.unwrap($0) } == [2, -1, 3])
  }

  @Test func lessThanHalfTheRangeIsAheadAndHalfIsBehind() {
    var ahead = SequenceNumberUnwrapper()
    #expect([0, 0x7FFF].map { ahead.unwrap($0) } == [0, 0x7FFF])
    var behind = SequenceNumberUnwrapper()
    #expect([0, 0x8000].map { behind.unwrap($0) } == [0, -0x8000])
  }

  @Test func timeStampsWrapAtThirtyTwoBits() {
    var unwrapper = TimestampUnwrapper()
    #expect([0xFFFF_FFF0, 0x10].map { unwrapper.unwrap($0) } == [0xFFFF_FFF0, 0x1_0000_0010])
  }

  @Test func aLongStreamWithSmallDisorderIsUnwrapped() {
    var generator = SeededGenerator(seed: 3)
    var unwrapper = SequenceNumberUnwrapper()
    for step in Int64(0)..<300_000 {
      let number = max(0, step + Int64.random(in: -50...50, using: &generator))
      #expect(unwrapper.unwrap(UInt16(truncatingIfNeeded: number)) == number)
    }
  }
}
