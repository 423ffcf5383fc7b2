import Testing

@testable import RTMP

@Suite("Time stamps")
struct TimestampTests {
  private func unwrap(_ wire: [UInt32]) -> [Int64] {
    var clock = TimestampUnwrapper()
    return wire.map { clock.unwrap($0) }
  }

  @Test func goOnPastTheWrap() {
    #expect(unwrap([0xFFFF_FC18, 0xFFFF_FFFF, 0, 40]) == [4_294_966_296, 4_294_967_295, 4_294_967_296, 4_294_967_336])
  }

  @Test func goOnPastTwoWraps() {
    let half: UInt32 = 0x7FFF_FFFF
    #expect(unwrap([0, half, half * 2, 1, half, half * 2, 5]).suffix(1) == [8_589_934_597])
  }

  @Test func aLateMessageStaysBeforeTheWrap() {
    #expect(unwrap([0xFFFF_FFF0, 4, 0xFFFF_FFF8, 8]) == [4_294_967_280, 4_294_967_300, 4_294_967_288, 4_294_967_304])
  }

  @Test func aStepBackBehindZeroIsNegative() {
    #expect(unwrap([0, 0xFFFF_FFF0]) == [0, -16])
  }
}
