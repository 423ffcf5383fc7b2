import NIOCore
import Testing

@testable import Identity

@Suite struct AttemptLimiterTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  private func limits() -> AttemptLimiter.Limits {
    var limits = AttemptLimiter.Limits()
    limits.freePerAddress = 3
    limits.freePerRoom = 5
    return limits
  }

  @Test func theFirstWrongKeysCostNothingThenEachWaitIsTwiceTheLast() {
    var limiter = AttemptLimiter(limits: limits())
    var now = start
    for _ in 0..<3 {
      #expect(limiter.wait(address: "192.0.2.1", room: "demo", at: now) == nil)
      limiter.failed(address: "192.0.2.1", room: "demo", at: now)
    }
    for seconds: Int64 in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
      #expect(limiter.wait(address: "192.0.2.1", room: "other", at: now) == nil)
      limiter.failed(address: "192.0.2.1", room: "other", at: now)
      #expect(limiter.wait(address: "192.0.2.1", room: "third", at: now) == .seconds(seconds))
      now = now + .seconds(seconds)
    }
    #expect(limiter.wait(address: "192.0.2.2", room: "third", at: now) == nil, "others do not wait")
  }

  @Test func aRoomThatIsGuessedAtFromEverywhereWaitsNotLong() {
    var limiter = AttemptLimiter(limits: limits())
    for guess in 0..<40 { limiter.failed(address: "192.0.2.\(guess)", room: "demo", at: start) }
    #expect(limiter.wait(address: "198.51.100.1", room: "demo", at: start) == .seconds(2))
    #expect(limiter.wait(address: "198.51.100.1", room: "board", at: start) == nil)
  }

  @Test func allIsForgottenAfterAQuietTime() {
    var limiter = AttemptLimiter(limits: limits())
    for _ in 0..<4 { limiter.failed(address: "192.0.2.1", room: "demo", at: start) }
    let later = start + .seconds(1) + .minutes(15)
    limiter.failed(address: "192.0.2.1", room: "demo", at: later)
    #expect(limiter.wait(address: "192.0.2.1", room: "demo", at: later) == nil)
  }

  @Test func addressesOfOneIPv6NetworkCountAsOne() {
    var limiter = AttemptLimiter(limits: limits())
    for guess in 1...4 { limiter.failed(address: "2001:db8::\(guess)", room: "demo", at: start) }
    #expect(limiter.wait(address: "2001:db8::ffff", room: "board", at: start) == .seconds(1))
    #expect(limiter.wait(address: "2001:db8:0:1::1", room: "board", at: start) == nil)
  }

  @Test func memoryIsBoundedAndTheOldestAreForgotten() {
    var limits = limits()
    limits.addresses = 10
    limits.rooms = 10
    var limiter = AttemptLimiter(limits: limits)
    for _ in 0..<4 { limiter.failed(address: "192.0.2.1", room: "demo", at: start) }
    for guess in 0..<9 { limiter.failed(address: "a\(guess)", room: "r\(guess)", at: start) }
    #expect(limiter.wait(address: "192.0.2.1", room: "board", at: start) == .seconds(1), "ten are kept")
    for guess in 9..<1000 { limiter.failed(address: "a\(guess)", room: "r\(guess)", at: start) }
    #expect(limiter.size == (10, 10))
    #expect(limiter.wait(address: "192.0.2.1", room: "board", at: start) == nil)
  }
}
