import NIOCore
import Rooms
import Testing

@testable import Edge

private func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(1_000_000_000 + UInt64(seconds * 1e9)) }

@Suite struct TierChoiceTests {
  @Test(arguments: [
    (share: nil as Int?, tier: Tier.whole), (1_200_000, .whole), (700_000, .reduced), (120_000, .reduced),
    (60_000, .slow), (20_000, .none),
  ])
  func aPictureThatPassesThroughIsSentWholeOrNotAtAll(share: Int?, tier: Tier) {
    var choice = TierChoice(at: at(0))
    choice.measure(1_000_000, isUntouched: true)
    choice.decide(share: share, isUntouched: true, at: at(1))
    #expect(choice.tier == .whole, "a moment is no reason")
    choice.decide(share: share, isUntouched: true, at: at(1.8))
    #expect(choice.tier == tier)
  }

  @Test func aLineThatHiccupedKeepsItsPicture() {
    var choice = TierChoice(at: at(0))
    choice.measure(1_000_000, isUntouched: true)
    for second in 1..<20 {
      choice.decide(share: 100_000, isUntouched: true, at: at(Double(second)))
      choice.decide(share: 2_000_000, isUntouched: true, at: at(Double(second) + 0.5))
    }
    #expect(choice.tier == .whole)
  }

  @Test func anEncoderFollowsItsSlowestReceiverDownToHalf() {
    var choice = TierChoice(at: at(0))
    choice.measure(400_000, isUntouched: false)
    choice.decide(share: 700_000, isUntouched: false, at: at(1))
    #expect((choice.tier, choice.allotment) == (.whole, nil))
    choice.decide(share: 240_000, isUntouched: false, at: at(2))
    #expect((choice.tier, choice.allotment) == (.whole, 240_000))
    // What flows then is less; it is not less that the picture needs.
    choice.measure(240_000, isUntouched: false)
    choice.decide(share: 190_000, isUntouched: false, at: at(3))
    choice.decide(share: 190_000, isUntouched: false, at: at(4))
    #expect((choice.tier, choice.allotment) == (.reduced, 190_000))
  }

  @Test func aClimbWaitsLongerAfterEachThatFailed() {
    var choice = TierChoice(at: at(0))
    choice.measure(1_000_000, isUntouched: true)
    var climbs: [Double] = []
    var fallen = 0.0
    for tenth in 10..<3000 {
      let now = Double(tenth) / 10
      let before = choice.tier
      // The line seems wide until more is sent; a second later it shows that it is not.
      let isTooMuch = before == .whole && now - (climbs.last ?? 0) >= 1
      choice.decide(share: isTooMuch ? 300_000 : 2_000_000, isUntouched: true, at: at(now))
      if choice.tier > before { climbs.append(now) }
      if choice.tier < before { fallen = now }
    }
    let waits = zip(climbs, climbs.dropFirst()).map { $1 - $0 }
    #expect(waits.prefix(3).elementsEqual([21.7, 41.7, 81.7]) { abs($0 - $1) < 2 }, "\(waits)")
    #expect(fallen > 0)
  }

  @Test func aLineThatIsWideAgainIsClimbedStepByStep() {
    var choice = TierChoice(at: at(0))
    choice.measure(1_000_000, isUntouched: true)
    for second in 0..<3 { choice.decide(share: 10_000, isUntouched: true, at: at(Double(second))) }
    #expect(choice.tier == .none)
    var seen: [Tier] = []
    for second in 3..<40 {
      choice.decide(share: 3_000_000, isUntouched: true, at: at(Double(second)))
      if seen.last != choice.tier { seen.append(choice.tier) }
    }
    #expect(seen == [.none, .slow, .reduced, .whole])
  }

  @Test(
    arguments: [
      (900, [nil, nil, nil], [300, 300, 300]), (900, [100, nil, nil], [100, 400, 400]),
      (900, [100, 200, 900], [100, 200, 600]), (900, [100, 200, 300], [200, 300, 400]), (-5, [nil], [0]), (900, [], []),
    ] as [(Int, [Int?], [Int])])
  func aLineIsDividedEvenlyAmongThoseWhoNeedIt(line: Int, needs: [Int?], shares: [Int]) {
    #expect(LineShares.divide(line, among: needs) == shares)
  }
}
