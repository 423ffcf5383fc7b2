import AccessPolicy
import Testing

@testable import Gateway

@Suite struct PolicyImportTests {
  private static let frame = """
    listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
    rooms: { demo: { open: true } }

    """

  /// What is printed is read by the gateway and lets in the same addresses.
  @Test(arguments: [
    "<Adaptor><Allow>10.60.1.133, x.example.org</Allow><Deny>10.60</Deny><Order>Deny,Allow</Order></Adaptor>",
    "<Adaptor><Allow>10.60</Allow><Deny>10.60.1</Deny><Order>Allow,Deny</Order></Adaptor>",
    "<VirtualHost><Allow>all</Allow></VirtualHost>", "<Adaptor><Allow>x.org</Allow><Order>Allow,Deny</Order></Adaptor>",
    "<services-config><whitelist><ip-address-pattern>10\\.(1|3)\\.\\d+\\.7</ip-address-pattern></whitelist></services-config>",
    "allow 10.0.0.0/8;\ndeny all;\n", "deny 2001:db8::/32;\n",
  ])
  func whatIsPrintedIsConfigurationThatMeansTheSame(source: String) throws {
    let imported = try ImportedPolicy(reading: Array(source.utf8))
    let group = try #require(imported.groups.first)
    let configuration = try ConfigurationFolder().parse(Self.frame + imported.configuration)
    #expect(configuration.access.rules.policy.all.allowed == group.allowed)
    for warning in imported.warnings { #expect(imported.configuration.contains("# warning: \(warning)\n")) }
  }

  @Test func listsOfChannelsBecomeListsOfListeners() throws {
    let xml = """
      <services-config><channels>
      <channel-definition id="a"><endpoint url="rtmp://{server.name}:2037"/>
      <whitelist><ip-address>10.0.0.1</ip-address></whitelist></channel-definition>
      <channel-definition id="b"><endpoint url="rtmp://{server.name}:2038"/>
      <blacklist><ip-address>10.0.0.2</ip-address></blacklist></channel-definition>
      </channels></services-config>
      """
    let text = try ImportedPolicy(reading: Array(xml.utf8)).configuration
    let configuration = try ConfigurationFolder().parse(
      text.replacing("access: {}\n", with: "") + "rooms: { demo: { open: true } }\n")
    let policy = configuration.access.rules.policy
    #expect(!policy.decide(.v4(0x0A00_0002), listener: "0.0.0.0:2037").isAllowed)
    #expect(policy.decide(.v4(0x0A00_0001), listener: "0.0.0.0:2037").isAllowed)
    #expect(!policy.decide(.v4(0x0A00_0002), listener: "0.0.0.0:2038").isAllowed)
  }

  @Test func aPolicyFileBecomesItsDomains() throws {
    let xml = """
      <cross-domain-policy><allow-access-from domain="*.example.com" to-ports="1935,8000-8001"/>
      <allow-access-from domain="*"/></cross-domain-policy>
      """
    let imported = try ImportedPolicy(reading: Array(xml.utf8))
    let configuration = try ConfigurationFolder().parse(Self.frame + imported.configuration)
    #expect(configuration.access.rules.crossDomain?.domains.map(\.description) == ["*.example.com", "*"])
    #expect(
      configuration.access.crossDomain
        == .domains([.suffix("example.com"), .any], ports: PortSet([1935...1935, 8000...8001])))
  }

  @Test func aDryRunTellsWhomOtherListsWouldHaveTreatedOtherwise() throws {
    let list = try AddressList.parse("10.0.0.0/8", file: "l")
    var run = DryRun(AccessPolicy(all: AccessLists(blacklist: list)))
    for line in [
      #"{"address":"10.0.0.1","decision":"allowed","room":"demo"}"#,
      #"{"address":"10.0.0.1","decision":"allowed","room":"demo"}"#,
      #"{"address":"10.0.0.2","decision":"denied","reason":"address_denied"}"#,
      #"{"address":"192.0.2.1","decision":"denied","reason":"blacklisted"}"#,
      #"{"address":"192.0.2.2","decision":"denied","reason":"key_required"}"#,
      #"{"address":"192.0.2.3","decision":"allowed"}"#, #"{"event":"start"}"#, "nonsense", "",
    ] { run.read(line[...]) }
    #expect(run.keptOut.map { "\($0.key.text) \($0.value)" } == ["10.0.0.1 in room demo 2"])
    #expect(run.letIn.map { "\($0.key.text) \($0.value)" } == ["192.0.2.1 1"])
    #expect(run.decisions == 6)
    #expect(run.otherLines == 2)
  }

  @Test func aFolderOfListsStandsForTheConfiguredOnes() {
    var sources = AccessSources(all: .init(whitelist: [.path("/etc/lists/white.txt")], blacklist: [.path("black")]))
    sources.rooms["board"] = .init(whitelist: [.path("/etc/lists/board.txt")])
    let taken = sources.taken(from: "new/", names: ["white.txt", "board.txt", "other"])
    #expect(taken.all.whitelist == [.path("new/white.txt")])
    #expect(taken.all.blacklist.isEmpty)
    #expect(taken.rooms["board"]?.whitelist == [.path("new/board.txt")])
    let byName = AccessSources().taken(from: "new", names: ["blacklist.txt", "whitelist.txt", "readme"])
    #expect(byName.all == .init(whitelist: [.path("new/whitelist.txt")], blacklist: [.path("new/blacklist.txt")]))
  }
}
