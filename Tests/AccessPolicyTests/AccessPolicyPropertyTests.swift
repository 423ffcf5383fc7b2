import Seeded
import Testing

@testable import AccessPolicy

@Suite struct AccessPolicyPropertyTests {
  @Test func aMillionAddressesAreDecidedAsThePlainRulesSay() {
    var generator = SeededGenerator(seed: 47)
    for _ in 0..<100 {
      func ranges(_ most: Int) -> [AddressRange] {
        (0..<Int.random(in: 0...most, using: &generator)).map { _ in .random(using: &generator) }
      }
      let plain = PlainPolicy(levels: (0..<3).map { _ in .init(whitelist: ranges(9), blacklist: ranges(4)) })
      let policy = plain.compiled
      var wrong = 0
      for _ in 0..<10_000 {
        let address = IPAddress.random(using: &generator)
        if policy.decide(address, listener: "l", room: "r").isAllowed != plain.allows(address) { wrong += 1 }
      }
      #expect(wrong == 0)
    }
  }

  /// Each way in which two runs can lie to each other, in both families, at every address around their ends.
  @Test func everyPairOfOverlappingEntriesIsFound() {
    let ends: [UInt32] = [0, 1, 2, 3, 4, 5]
    let runs = ends.flatMap { low in ends.filter { $0 >= low }.map { low...$0 } }
    func v6(_ run: ClosedRange<UInt32>) -> AddressRange { .v6(UInt128(run.lowerBound)...UInt128(run.upperBound)) }
    func top(_ run: ClosedRange<UInt32>) -> AddressRange {
      .v4((UInt32.max - run.upperBound)...(.max - run.lowerBound))
    }
    func top6(_ run: ClosedRange<UInt32>) -> AddressRange {
      .v6((UInt128.max - UInt128(run.upperBound))...(.max - UInt128(run.lowerBound)))
    }
    let places: [(range: (ClosedRange<UInt32>) -> AddressRange, address: (UInt32) -> IPAddress)] = [
      ({ .v4($0) }, { .v4($0) }), (v6, { .v6(UInt128($0)) }), (top, { .v4(.max - $0) }),
      (top6, { .v6(.max - UInt128($0)) }),
    ]
    for place in places {
      for first in runs {
        for second in runs {
          let list = AddressList.of([place.range(first), place.range(second)])
          for value in UInt32(0)...6 {
            let covering = list.entries(covering: place.address(value)).map(\.line)
            let expected = [(1, first), (2, second)].filter { $0.1.contains(value) }.map(\.0)
            #expect(covering == expected)
            // The one that is found is one of those that cover it.
            let found = list.entry(covering: place.address(value)).map { Int($0.value) + 1 }
            #expect(found.map(expected.contains) ?? expected.isEmpty)
          }
        }
      }
    }
  }

  /// Every combination of: on each level no whitelist, one with the address, one without it; a blacklist with it or not.
  @Test func precedenceHoldsInEveryCombinationOfLevels() {
    let (here, elsewhere) = (AddressRange(.v4(1)), AddressRange(.v4(2)))
    let whitelists: [[AddressRange]] = [[], [here], [elsewhere]]
    let blacklists: [[AddressRange]] = [[], [here]]
    let states = whitelists.flatMap { white in blacklists.map { PlainPolicy.Level(whitelist: white, blacklist: $0) } }
    for all in states {
      for listener in states {
        for room in states {
          let levels = [all, listener, room]
          let decision = PlainPolicy(levels: levels).compiled.decide(.v4(1), listener: "l", room: "r")
          let isBlack = levels.contains { !$0.blacklist.isEmpty }
          let isMissing = levels.contains { $0.whitelist == [elsewhere] }
          #expect(decision.reason == (isBlack ? .blacklisted : isMissing ? .notWhitelisted : nil))
          let names: [AccessLevel] = [.all, .listener("l"), .room("r")]
          let deciding =
            isBlack ? levels.firstIndex { !$0.blacklist.isEmpty } : levels.firstIndex { $0.whitelist == [elsewhere] }
          #expect(decision.level == deciding.map { names[$0] })
        }
      }
    }
  }

  @Test func aLevelThatDoesNotApplyIsNotAsked() {
    let here = AddressRange(.v4(1))
    let policy = PlainPolicy(levels: [.init(), .init(blacklist: [here]), .init(blacklist: [here])]).compiled
    #expect(policy.decide(.v4(1)).isAllowed)
    #expect(policy.decide(.v4(1), listener: "other", room: "other").isAllowed)
    #expect(policy.decide(.v4(1), listener: "l").level == .listener("l"))
    #expect(policy.decide(.v4(1), room: "r").level == .room("r"))
  }

  @Test func setsOfAddressesAddAndSubtractAsTheirMembersSay() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<50 {
      func set() -> ([AddressRange], AddressSet) {
        let ranges = (0..<8).map { _ in AddressRange.random(using: &generator) }
        return (ranges, AddressSet(ranges))
      }
      let ((left, a), (right, b)) = (set(), set())
      #expect(AddressList.of(left).covered == a)
      for _ in 0..<500 {
        let address = IPAddress.random(using: &generator)
        let isLeft = left.contains { PlainPolicy.covers($0, address) }
        let isRight = right.contains { PlainPolicy.covers($0, address) }
        #expect(a.contains(address) == isLeft)
        #expect(a.union(b).contains(address) == (isLeft || isRight))
        #expect(a.subtracting(b).contains(address) == (isLeft && !isRight))
        #expect(a.intersection(b).contains(address) == (isLeft && isRight))
      }
    }
  }
}
