import AccessPolicy
import Testing

@Suite struct CrossDomainPolicyTests {
  private static func read(
    _ xml: String, allowInsecure: Bool = false
  ) throws -> (policy: CrossDomainPolicy, problems: [CrossDomainProblem]) {
    CrossDomainPolicy.reading(try DocumentElement(reading: Array(xml.utf8)), allowInsecure: allowInsecure)
  }

  private static func domains(_ texts: String...) throws -> [DomainPattern] {
    try texts.map { try #require(DomainPattern(parsing: $0)) }
  }

  private static let generated = """
    <?xml version="1.0"?>
    <!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd">
    <cross-domain-policy>
      <site-control permitted-cross-domain-policies="master-only"/>
      <allow-access-from domain="old.example.org"/>
      <allow-access-from domain="*.example.com"/>
    </cross-domain-policy>

    """

  @Test func aListOfDomainsMakesUrlAndSocketPolicies() throws {
    let policy = CrossDomainPolicy(
      domains: try Self.domains("old.example.org", "*.example.com"), ports: PortSet([1935...1935, 843...843]))
    #expect(policy.document(at: .http) == Self.generated)
    #expect(policy.document(at: .https) == Self.generated)
    let master = try #require(policy.document(at: .socket(port: 843)))
    #expect(master.contains("<allow-access-from domain=\"old.example.org\" to-ports=\"843,1935\"/>"))
    // From 1024 and above no port below may be granted.
    let other = try #require(policy.document(at: .socket(port: 1935)))
    #expect(other.contains("to-ports=\"1935\"") && !other.contains("843"))
    // What was made reads back without a problem.
    let again = try Self.read(Self.generated)
    #expect(again.problems.isEmpty)
    #expect(again.policy.document(at: .https) == Self.generated)
  }

  @Test func aSocketPolicyThatGrantsNothingIsNotGiven() throws {
    let low = CrossDomainPolicy(domains: try Self.domains("a.org"), ports: PortSet([80...80]))
    #expect(low.document(at: .socket(port: 1935)) == nil)
    #expect(low.document(at: .socket(port: 80)) != nil)
    #expect(
      CrossDomainPolicy(domains: try Self.domains("a.org"), ports: PortSet([])).document(at: .socket(port: 843)) == nil)
  }

  @Test func whatIsForHttpsAloneIsNeverGivenInTheClear() throws {
    let made = CrossDomainPolicy(domains: try Self.domains("a.org"), ports: .all, isForHTTPSAlone: true)
    #expect(made.document(at: .http) == nil)
    #expect(made.document(at: .socket(port: 843)) == nil)
    #expect(made.document(at: .https)?.contains("secure=\"true\"") == true)
    let file = try Self.read(
      "<cross-domain-policy><allow-access-from domain=\"a.org\" secure=\"true\"/></cross-domain-policy>"
    ).policy
    #expect(file.document(at: .http) == nil)
    let mixed = try Self.read(
      """
      <cross-domain-policy><allow-access-from domain="a.org" secure="true"/>
      <allow-access-from domain="b.org"/></cross-domain-policy>
      """
    ).policy
    #expect(mixed.document(at: .http)?.contains("b.org") == true)
    #expect(mixed.document(at: .http)?.contains("a.org") == false)
  }

  @Test func insecurePoliciesNeedConsent() throws {
    let star = "<cross-domain-policy>\n<allow-access-from domain=\"*\"/></cross-domain-policy>"
    #expect(try Self.read(star).problems.map(\.line) == [2])
    #expect(try Self.read(star, allowInsecure: true).problems.isEmpty)
    let clear = "<cross-domain-policy><allow-access-from domain=\"a.org\" secure=\"false\"/></cross-domain-policy>"
    #expect(try Self.read(clear).problems.count == 1)
    #expect(try Self.read(clear, allowInsecure: true).problems.isEmpty)
  }

  @Test(arguments: [
    "<policy/>", "<cross-domain-policy><allow-access-from/></cross-domain-policy>",
    "<cross-domain-policy><allow-access-from domain=\"10.0.0.*\"/></cross-domain-policy>",
    "<cross-domain-policy><allow-access-from domain=\"a.org\" to-ports=\"x\"/></cross-domain-policy>",
    "<cross-domain-policy><allow-access-from domain=\"a.org\" secure=\"yes\"/></cross-domain-policy>",
    "<cross-domain-policy><allow-access-from domain=\"a.org\" port=\"1\"/></cross-domain-policy>",
    "<cross-domain-policy><site-control permitted-cross-domain-policies=\"some\"/></cross-domain-policy>",
    "<cross-domain-policy><allow-http-request-headers-from domain=\"a.org\"/></cross-domain-policy>",
    "<cross-domain-policy><allow-everything/></cross-domain-policy>",
  ])
  func whatBreaksTheSpecificationIsTold(xml: String) throws {
    #expect(try Self.read(xml).problems.count == 1)
  }

  @Test func pagesAreMatchedByTheirHost() throws {
    let policy = CrossDomainPolicy(domains: try Self.domains("*.example.com"), ports: .all)
    #expect(policy.allows(page: "https://www.example.com/chat.html?x#y"))
    #expect(policy.allows(page: "http://example.com:8080"))
    #expect(!policy.allows(page: "http://example.com.evil.org/"))
    #expect(!policy.allows(page: "http://example.com@evil.org/"))
    #expect(!policy.allows(page: "http://evil.org\\@example.com/"))
    #expect(!policy.allows(page: "file:///example.com"))
    #expect(!policy.allows(page: ""))
    let strict = CrossDomainPolicy(domains: try Self.domains("*.example.com"), ports: .all, isForHTTPSAlone: true)
    #expect(!strict.allows(page: "http://example.com/"))
    #expect(strict.allows(page: "https://example.com/"))
  }

  @Test func anImportedFileKeepsItsDomains() throws {
    let xml =
      "<cross-domain-policy><allow-access-from domain=\"*.example.com\" to-ports=\"1935\"/></cross-domain-policy>"
    let policy = try ImportedPolicy(reading: Array(xml.utf8))
    #expect(policy.crossDomain?.domains.map(\.description) == ["*.example.com"])
  }
}
