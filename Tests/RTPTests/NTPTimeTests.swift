import Testing

@testable import RTP

@Suite struct NTPTimeTests {
  @Test func theUnixEpochIsSeventyYearsAfter1900() {
    #expect(NTPTime(unixMicroseconds: 0).rawValue == 2_208_988_800 << 32)
  }
}
