import Testing

@testable import RTP

@Suite struct RTPErrorTests {
  @Test func anErrorSaysWhatWasSeenAndWhichRuleItBreaks() {
    #expect(RTPError.unknownVersion(1).description == "version 1 where only 2 is known (RFC 3550, 5.1)")
    #expect(
      RTPError.truncatedPayload(codec: .vp8, size: 3).description == "vp8 payload of 3 bytes ends within its header")
  }
}
