import Testing

@testable import Rooms

struct CodecBackoffTests {
  @Test func aFailedCodecRestsASecondAndThenLonger() {
    var backoff = CodecBackoff()
    var time: Int64 = 5_000_000
    for wait: Int64 in [1, 2, 4, 8, 16, 30, 30] {
      #expect(backoff.allows(time))
      backoff.failed(at: time)
      #expect(!backoff.allows(time + wait * 1_000_000 - 1))
      time += wait * 1_000_000
      // Frames that go well in between do not make it forget at once.
      backoff.succeeded(at: time)
    }
  }

  @Test func tenGoodSecondsMakeItForget() {
    var backoff = CodecBackoff()
    backoff.failed(at: 0)
    backoff.failed(at: 1_000_000)
    backoff.succeeded(at: 1_000_000 + 2_000_000 + CodecBackoff.probation)
    backoff.failed(at: 50_000_000)
    #expect(backoff.allows(51_000_000))
  }

  @Test func aWorkerLostOnceIsNotHeldAgainstTheTrack() {
    var backoff = CodecBackoff()
    backoff.lostAtWork(at: 0)
    #expect(backoff.allows(0))
    backoff.succeeded(at: CodecBackoff.probation)
    backoff.lostAtWork(at: CodecBackoff.probation)
    #expect(backoff.allows(CodecBackoff.probation))
  }

  @Test func aWorkerLostAgainIs() {
    var backoff = CodecBackoff()
    backoff.lostAtWork(at: 0)
    backoff.succeeded(at: CodecBackoff.probation - 1)
    backoff.lostAtWork(at: CodecBackoff.probation - 1)
    #expect(!backoff.allows(CodecBackoff.probation))
  }

  @Test func aClockSetBackDoesNotLengthenTheRest() {
    var backoff = CodecBackoff()
    backoff.failed(at: 100_000_000)
    #expect(!backoff.allows(100_500_000))
    #expect(backoff.allows(3_000_000))
  }
}
