import Testing

@testable import WebRTC

@Suite struct PacketIndicesTests {
  @Test func aSourceBeginsWithItsFirstNumberAndCountsEachRoundOnce() {
    var indices = PacketIndices()
    #expect(indices.index(ssrc: 7, sequenceNumber: 65_534) == 65_534)
    #expect(indices.index(ssrc: 7, sequenceNumber: 65_535) == 65_535)
    #expect(indices.index(ssrc: 7, sequenceNumber: 0) == 65_536)
    #expect(indices.index(ssrc: 7, sequenceNumber: 65_535) == 65_535)
    #expect(indices.index(ssrc: 7, sequenceNumber: 1) == 65_537)
  }

  @Test func aPacketSentAgainHasTheIndexItHad() {
    var indices = PacketIndices()
    var given: [UInt64] = []
    for number in UInt32(60_000)..<200_000 {
      guard let index = indices.index(ssrc: 1, sequenceNumber: UInt16(truncatingIfNeeded: number)) else {
        Issue.record("no index for \(number)")
        return
      }
      given.append(index)
      let back = Int(number % 512)
      if given.count > back {
        #expect(
          indices.index(ssrc: 1, sequenceNumber: UInt16(truncatingIfNeeded: Int(number) - back))
            == given[given.count - 1 - back])
      }
    }
    #expect(given == Array(60_000..<200_000))
  }

  @Test func sourcesCountForThemselves() {
    var indices = PacketIndices()
    for ssrc in UInt32(1)...40 { _ = indices.index(ssrc: ssrc, sequenceNumber: 65_535) }
    #expect(indices.index(ssrc: 3, sequenceNumber: 0) == 65_536)
    #expect(indices.index(ssrc: 40, sequenceNumber: 65_535) == 65_535)
    let removals = [indices.remove(ssrc: 3), indices.remove(ssrc: 3)]
    #expect(removals == [true, false])
    #expect(indices.index(ssrc: 4, sequenceNumber: 0) == 65_536)
    #expect(indices.index(ssrc: 40, sequenceNumber: 0) == 65_536)
  }

  @Test func aNumberFromBeforeTheFirstPacketHasNoIndex() {
    var indices = PacketIndices()
    #expect(indices.index(ssrc: 1, sequenceNumber: 2) == 2)
    #expect(indices.index(ssrc: 1, sequenceNumber: 1) == 1)
    #expect(indices.index(ssrc: 1, sequenceNumber: 65_535) == nil)
  }
}
