import AccessPolicy
import Testing

@Suite struct FMSRulesTests {
  private static func imported(_ xml: String, order: FMSRules.Order? = nil) throws -> ImportedPolicy {
    try ImportedPolicy(reading: Array(xml.utf8), order: order)
  }

  private static func set(_ texts: [String]) throws -> AddressSet {
    AddressSet(try texts.map { try ListEntry(parsing: $0).range })
  }

  private static let samples: [(allow: String, allowed: [String], deny: String, denied: [String])] = [
    ("10.60", ["10.60.0.0/16"], "10.60.1.133", ["10.60.1.133"]),
    ("10.60.1.133", ["10.60.1.133"], "10.60", ["10.60.0.0/16"]),
    ("10.60.1, 10.60.3", ["10.60.1.0/24", "10.60.3.0/24"], "10.60.1.7,10.60.2", ["10.60.1.7", "10.60.2.0/24"]),
    ("all", ["0.0.0.0/0", "::/0"], "10.60.1.", ["10.60.1.0/24"]),
    ("10.60.2", ["10.60.2.0/24"], "all", ["0.0.0.0/0", "::/0"]),
    ("10.60.0.1", ["10.60.0.1"], "10.60.3.1", ["10.60.3.1"]),
  ]

  /// Every address of 10.60.0.0/22 and some others, by the product's rule and by ours.
  @Test(arguments: FMSRules.Order.allCases, samples.indices)
  func theTranslationDecidesEveryAddressAsTheProductDoes(order: FMSRules.Order, index: Int) throws {
    let sample = Self.samples[index]
    let policy = try Self.imported(
      """
      <Adaptor>
        <Allow>\(sample.allow)</Allow>
        <Deny>\(sample.deny)</Deny>
        <Order>\(order.rawValue)</Order>
      </Adaptor>
      """)
    let rules = FMSRules(allow: try Self.set(sample.allowed), deny: try Self.set(sample.denied))
    let group = try #require(policy.groups.first)
    for value in (0x0A3C_0000..<0x0A3C_0400).map(UInt32.init) + [0x0A3D_0001, 0, .max] {
      #expect(group.allowed.contains(.v4(value)) == rules.accepts(.v4(value), order: order))
    }
    #expect(group.allowed.contains(.v6(1)) == rules.accepts(.v6(1), order: order))
  }

  @Test func allowWinsByLeavingItOutOfTheBlacklist() throws {
    let policy = try Self.imported(
      "<Adaptor><Allow>10.60.1.133</Allow><Deny>10.60</Deny><Order>Deny,Allow</Order></Adaptor>")
    let group = try #require(policy.groups.first)
    #expect(group.whitelist == nil)
    #expect(!group.blacklist.contains(.v4(0x0A3C_0185)))
    #expect(group.blacklist.contains(.v4(0x0A3C_0186)))
    #expect(policy.warnings.map(\.text).contains { $0.contains("Allow wins") })
  }

  @Test func theShippedFileLetsEverybodyIn() throws {
    let shipped = "<Adaptor name=\"_defaultRoot_\"><Allow>all</Allow><Deny></Deny><Order>Allow,Deny</Order></Adaptor>"
    #expect(try Self.imported(shipped).groups.first?.allowed == .all)
    #expect(try Self.imported("<Adaptor><Allow/><Deny/><Order>Allow,Deny</Order></Adaptor>").groups.isEmpty)
    #expect(try Self.imported("<VirtualHost><Allow>all</Allow></VirtualHost>").groups.first?.allowed == .all)
  }

  @Test func withoutOrderOnlyWhatMeansOneThingIsTranslated() throws {
    let ambiguous = "<Adaptor><Allow>10.60.1.133</Allow><Deny>10.60</Deny></Adaptor>"
    #expect(try Self.imported(ambiguous).groups.isEmpty)
    #expect(try Self.imported(ambiguous).warnings.first?.text.contains("--order") == true)
    #expect(try Self.imported(ambiguous, order: .denyAllow).groups.first?.whitelist == nil)
    #expect(try Self.imported(ambiguous, order: .allowDeny).groups.first?.whitelist?.isEmpty == false)
    #expect(try Self.imported("<Adaptor><Allow>all</Allow><Deny></Deny></Adaptor>").groups.first?.allowed == .all)
  }

  @Test func namesAreToldAndNeverOpenTheDoor() throws {
    let policy = try Self.imported(
      "<Adaptor>\n<Allow>foo.yourcompany.com</Allow><Deny/>\n<Order>Allow,Deny</Order></Adaptor>")
    #expect(policy.groups.first?.allowed.isEmpty == true)
    #expect(policy.warnings.first?.line == 2)
    #expect(policy.warnings.first?.text.contains("foo.yourcompany.com") == true)
  }

  @Test func rulesInsideOfAFileKeepTheirPlace() throws {
    let policy = try Self.imported(
      "<Application><Client><Allow>10.60</Allow><Order>Allow,Deny</Order></Client></Application>")
    #expect(policy.groups.map(\.name) == ["Application/Client"])
    #expect(policy.groups.first?.whitelist?.ranges.map(\.description) == ["10.60.0.0/16"])
  }
}
