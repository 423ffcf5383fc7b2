import AccessPolicy
import Testing

@Suite struct InspectionTests {
  private static func list(_ text: String, _ file: String) throws -> AddressList {
    try AddressList.parse(text, file: file)
  }

  @Test func explainNamesEveryLevelAndWhatWouldHaveToChange() throws {
    let policy = AccessPolicy(
      all: AccessLists(
        whitelist: try Self.list("10.0.0.0/8 # office", "white"),
        blacklist: try Self.list("10.1.0.0/16 # ticket 4711\n10.1.2.3", "black")),
      rooms: ["board": AccessLists(whitelist: try Self.list("10.9.0.0/16", "board"))])
    let explanation = policy.explain(try #require(IPAddress("10.1.2.3")), room: "board")
    #expect(explanation.decision.reason == .blacklisted)
    #expect(explanation.deciding?.place == "black:2")
    #expect(explanation.levels.map(\.level) == [.all, .room("board")])
    #expect(explanation.levels[0].blacklisted.map(\.comment) == ["ticket 4711", nil])
    #expect(explanation.levels[0].whitelisted.map(\.comment) == ["office"])
    #expect(
      explanation.changes == [
        "remove or narrow 10.1.0.0/16 at black:1 (blacklist of all)",
        "remove or narrow 10.1.2.3 at black:2 (blacklist of all)",
        "add 10.1.2.3 to the whitelist of room board: board",
      ])
    #expect(policy.explain(try #require(IPAddress("10.9.0.1")), room: "board").decision.isAllowed)
  }

  @Test func lintFindsWhatSaysNothingOrTooMuch() throws {
    let policy = AccessPolicy(
      all: AccessLists(
        whitelist: try Self.list("10.0.0.0/8\n10.1.2.3\n10.1.2.3\n172.16.5.0/24", "white"),
        blacklist: try Self.list("172.16.0.0/16\n::/8", "black")),
      rooms: ["board": AccessLists(whitelist: try Self.list("192.0.2.1\n10.7.0.1", "board"))])
    let findings = ListLint().findings(in: policy).map(\.description)
    #expect(
      findings == [
        "white:1: 10.0.0.0/8 (whitelist of all) covers 2^24 addresses: is that meant?",
        "white:2: 10.1.2.3 (whitelist of all) says nothing that 10.0.0.0/8 at white:1 does not say",
        "white:3: 10.1.2.3 (whitelist of all) says nothing that 10.1.2.3 at white:2 does not say",
        "white:4: 172.16.5.0/24 (whitelist of all) is void: 172.16.0.0/16 at black:1 in the blacklist wins",
        "black:2: ::/8 (blacklist of all) covers 2^120 addresses: is that meant?",
        "board:1: 192.0.2.1 (whitelist of room board) lets nobody in: the whitelist for all has none of these addresses",
      ])
  }

  @Test func lintNamesBlocksWithBitsBehindTheirPrefix() throws {
    let policy = AccessPolicy(
      all: AccessLists(blacklist: try Self.list("10.1.2.3/24\n10.1.3.0/24\n2001:db8::1/64", "black")))
    let odd =
      "(blacklist of all) was written with bits behind its prefix, which say nothing: one address, or another prefix?"
    #expect(
      ListLint().findings(in: policy).map(\.description) == [
        "black:1: 10.1.2.0/24 \(odd)", "black:3: 2001:db8::/64 \(odd)",
      ])
  }

  @Test func differenceIsWhoComesInAndWhoStaysOut() throws {
    let old = AccessPolicy(all: AccessLists(whitelist: try Self.list("10.0.0.0/24", "w")))
    let new = AccessPolicy(
      all: AccessLists(
        whitelist: try Self.list("10.0.0.0/24\n10.0.1.0/24", "w"), blacklist: try Self.list("10.0.0.7", "b")))
    let difference = PolicyDifference(from: old, to: new)
    #expect(difference.levels.map(\.level) == [.all])
    #expect(difference.levels.first?.allowed.ranges.map(\.description) == ["10.0.1.0/24"])
    #expect(difference.levels.first?.denied.ranges.map(\.description) == ["10.0.0.7"])
    #expect(PolicyDifference(from: old, to: old).isEmpty)
  }

  @Test func theFormIsThatOfTheAddressesAndNotOfTheirWriting() throws {
    func form(_ white: String, _ black: String = "") throws -> [UInt8] {
      AccessPolicy(all: AccessLists(whitelist: try Self.list(white, "w"), blacklist: try Self.list(black, "b")))
        .canonicalForm
    }
    #expect(try form("10.0.0.0/24\n10.0.1.0/24") == form("10.0.0.0/23 # office"))
    #expect(try form("10.0.0.0/24") != form("10.0.0.0/23"))
    #expect(try form("10.0.0.0/24") != form("", "10.0.0.0/24"))
  }
}
