import AccessPolicy
import Testing

@testable import Gateway

@Suite struct AccessConfigurationTests {
  private static let frame = """
    listeners:
      - { address: 0.0.0.0:1935, accept: [rtmp], access: { blacklist: [10.9.0.0/16] } }
    rooms:
      demo: { open: true }
      board: { open: true, access: { whitelist: [board.txt] } }

    """

  private static func folder() throws -> ConfigurationFolder {
    let folder = try ConfigurationFolder()
    try folder.write("10.0.0.0/8 # office\n", to: "white.txt")
    try folder.write("10.1.0.0/16 # ticket 4711\n", to: "black.txt")
    try folder.write("10.2.0.0/16\n", to: "board.txt")
    return folder
  }

  private static func decision(_ configuration: Configuration, _ address: String, room: String? = nil) throws -> Bool {
    configuration.access.rules.policy.decide(
      try #require(IPAddress(address)), listener: "0.0.0.0:1935", room: room
    ).isAllowed
  }

  @Test func listsOfEveryLevelAreRead() throws {
    let configuration = try Self.folder().parse(
      Self.frame + "access: { whitelist: [white.txt, 192.0.2.7], blacklist: [black.txt] }\n")
    #expect(try Self.decision(configuration, "10.2.0.1", room: "board"))
    #expect(try Self.decision(configuration, "192.0.2.7"))
    #expect(try !Self.decision(configuration, "192.0.2.7", room: "board"))
    #expect(try !Self.decision(configuration, "10.1.0.1"))
    #expect(try !Self.decision(configuration, "10.9.0.1"))
    #expect(try !Self.decision(configuration, "192.0.2.8"))
    let entry = configuration.access.rules.policy.explain(.v4(0xC000_0207)).levels[0].whitelisted.first
    #expect(entry?.place.hasSuffix("/gate.yaml:6") == true, "an entry in the configuration stands there")
  }

  @Test func withoutListsEverybodyMayComeIn() throws {
    let folder = try Self.folder()
    try folder.write("# nobody yet\n", to: "board.txt")
    let configuration = try folder.parse(Self.frame)
    #expect(try Self.decision(configuration, "192.0.2.7", room: "board"))
  }

  @Test func everythingWrongIsToldAtItsPlace() throws {
    let folder = try Self.folder()
    try folder.write("10.2.0.0/16\nnonsense\n10.0.0.0/40\n", to: "board.txt")
    try folder.write("<cross-domain-policy>\n<allow-access-from domain=\"*\"/></cross-domain-policy>", to: "policy.xml")
    let problems = folder.problems(
      Self.frame + "access: { whitelist: [missing.txt], cross_domain: policy.xml, allow_insecure: 1 }\n")
    #expect(
      problems == [
        "6:79: true or false is needed here, not \"1\"",
        "missing.txt:1:1: cannot read the list: no such file or folder: make it readable or name another file",
        "board.txt:2:1: \"nonsense\" is no entry of a list: write an address, a block (10.0.0.0/8), a range (A-B) or a"
          + " wildcard (10.60.147.*)",
        "board.txt:3:1: \"10.0.0.0/40\" is no entry of a list: the prefix must be a number from 0 to 32",
        "policy.xml:2:1: domain=\"*\" lets every page of the world connect: name domains, or set `allow_insecure: true`",
      ])
  }

  @Test(arguments: [
    (
      "{ cross_domain: { domains: [\"*\"] } }",
      "6:37: \"*\" lets every page of the world connect: name domains, or set `allow_insecure: true`"
    ),
    (
      "{ cross_domain: { domains: [a_b.org, \"http://a\"] } }",
      "6:46: \"http://a\" is no domain: write a host, an address, \"*.suffix\" or \"*\""
    ),
    ("{ cross_domain: { ports: [1] } }", "6:25: `domains` is missing here: add `domains: [old.example.org]`"),
    ("{ require_known_page: true }", "6:31: which pages are known? add `cross_domain: { domains: [...] }`"),
    (
      "{ whitelist: white.txt }",
      "6:22: a list of files, folders or addresses, such as [lists/whitelist.txt] or [10.0.0.0/8] is needed here, not \"white.txt\""
    ),
  ])
  func mistakesAreTold(access: String, problem: String) throws {
    #expect(try Self.folder().problems(Self.frame + "access: \(access)\n") == [problem])
  }

  @Test func domainsMakeAPolicyForThePortsOfTheListeners() throws {
    let folder = try Self.folder()
    let configuration = try folder.parse(
      Self.frame + "access: { cross_domain: { domains: [old.example.org, \"*.example.com\"] } }\n")
    let policy = try #require(configuration.access.rules.crossDomain)
    #expect(policy.document(at: .socket(port: 1935))?.contains("to-ports=\"1935\"") == true)
    #expect(policy.document(at: .http)?.contains("domain=\"*.example.com\"") == true)
    let encrypted = try folder.parse(
      Self.frame + "access: { require_encrypted_legacy: true, cross_domain: { domains: [a.org], ports: [443] } }\n")
    #expect(encrypted.access.rules.crossDomain?.document(at: .http) == nil)
    #expect(encrypted.access.rules.crossDomain?.document(at: .https) != nil)
  }
}
