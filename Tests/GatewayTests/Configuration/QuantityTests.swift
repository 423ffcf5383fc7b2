import Testing

@testable import Gateway

@Suite struct QuantityTests {
  @Test(
    arguments: [
      ("250ms", .milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
      ("400d", .seconds(34_560_000)), ("0s", .zero), ("", nil), ("10", nil), ("s", nil), ("-1s", nil), ("+1s", nil),
      ("1.5s", nil), ("10 s", nil), ("10S", nil), ("1s2", nil), ("9223372036854775807d", nil),
      ("99999999999999999999s", nil), ("1\u{301}s", nil),
    ] as [(String, Duration?)])
  func durationsCarryTheirUnit(text: String, expected: Duration?) {
    #expect(Quantity.duration(text) == expected)
  }

  @Test(
    arguments: [
      ("64KiB", 65_536), ("1B", 1), ("2MiB", 2_097_152), ("1GiB", 1_073_741_824), ("64KB", nil), ("64", nil),
      ("9223372036854775807KiB", nil),
    ] as [(String, Int64?)])
  func sizesCarryTheirUnit(text: String, expected: Int64?) {
    #expect(Quantity.size(text) == expected)
  }

  @Test(
    arguments: [
      (.zero, "0s"), (.milliseconds(100), "100ms"), (.seconds(90), "90s"), (.seconds(3600), "1h"),
      (.seconds(86_400), "1d"),
    ] as [(Duration, String)])
  func durationsAreShownInTheLargestUnitThatFits(duration: Duration, expected: String) {
    #expect(Quantity.text(duration) == expected)
  }
}

/// The same numbers in each run (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed == 0 ? 1 : seed }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
