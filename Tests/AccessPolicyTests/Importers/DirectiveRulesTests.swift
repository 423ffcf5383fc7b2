import AccessPolicy
import Testing

@Suite struct DirectiveRulesTests {
  private static func range(_ text: String) throws -> AddressSet {
    text == "all" ? .all : AddressSet([try ListEntry(parsing: text).range])
  }

  private static func rules(_ lines: [(Bool, String)], _ precedence: DirectiveRules.Precedence) throws -> DirectiveRules
  {
    DirectiveRules(
      rules: try lines.map {
        DirectiveRules.Rule(allows: $0.0, purposes: [.publish, .play], addresses: try range($0.1))
      },
      precedence: precedence)
  }

  private static func check(_ policy: ImportedPolicy, _ rules: DirectiveRules) throws {
    let group = try #require(policy.groups.first)
    for value in (0x0A3C_0000..<0x0A3C_1000).map(UInt32.init) + [0, .max, 0x7F00_0001] {
      let accepted = rules.accepts(.v4(value), for: .publish) && rules.accepts(.v4(value), for: .play)
      #expect(group.allowed.contains(.v4(value)) == accepted)
    }
    #expect(group.allowed.contains(.v6(1)) == rules.accepts(.v6(1), for: .publish))
  }

  @Test func firstMatchDecidesAsInNginx() throws {
    let policy = try ImportedPolicy(
      reading: Array(
        """
        rtmp { server { listen 1935; application live {
          deny 10.60.1.7;      # a bad one
          allow 10.60.0.0/23;
          deny all;
        } } }
        """.utf8))
    #expect(policy.source == .firstMatch)
    try Self.check(policy, Self.rules([(false, "10.60.1.7"), (true, "10.60.0.0/23"), (false, "all")], .firstMatch))
    #expect(policy.groups.first?.whitelist != nil)
  }

  @Test func whatNoLineMatchesMayComeInInNginx() throws {
    let policy = try ImportedPolicy(reading: Array("allow 10.60.1.7\ndeny 10.60.0.0/22\n".utf8))
    try Self.check(policy, Self.rules([(true, "10.60.1.7"), (false, "10.60.0.0/22")], .firstMatch))
    #expect(policy.groups.first?.whitelist == nil)
  }

  @Test func denyWinsInSRS() throws {
    let policy = try ImportedPolicy(
      reading: Array(
        """
        vhost __defaultVhost__ { security { enabled on;
          allow play 10.60.0.0/22; allow publish 10.60.0.0/22;
          deny play 10.60.1.0/24; deny publish 10.60.1.0/24;
        } }
        """.utf8))
    #expect(policy.source == .srs)
    try Self.check(policy, Self.rules([(true, "10.60.0.0/22"), (false, "10.60.1.0/24")], .denyWins))
    #expect(policy.warnings.isEmpty)
  }

  @Test func publishAndPlayThatDifferAreToldAndTheStricterHolds() throws {
    let policy = try ImportedPolicy(
      reading: Array("allow publish 10.60.0.0/24;\ndeny publish all;\nallow play all;\n".utf8))
    #expect(policy.groups.first?.allowed.ranges.map(\.description) == ["10.60.0.0/24"])
    #expect(policy.warnings.first?.text.contains("publish") == true)
  }

  @Test func namesAreTold() throws {
    let policy = try ImportedPolicy(reading: Array("deny unix:;\ndeny 10.0.0.1;\n".utf8))
    #expect(policy.warnings.map(\.line) == [1])
  }

  @Test func aFileWithoutRulesIsRefused() {
    #expect(throws: ImportError.nothingKnown) { try ImportedPolicy(reading: Array("hello world".utf8)) }
    #expect(throws: ImportError.nothingKnown) { try ImportedPolicy(reading: Array("<html/>".utf8)) }
  }
}
