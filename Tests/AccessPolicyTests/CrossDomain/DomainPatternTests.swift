import AccessPolicy
import Testing

@Suite struct DomainPatternTests {
  @Test(arguments: [
    ("*.foo.com", "foo.com", true), ("*.foo.com", "a.b.FOO.com", true), ("*.foo.com", "barfoo.com", false),
    ("foo.com", "foo.com", true), ("foo.com", "www.foo.com", false), ("*", "anything", true),
    ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.10", false), ("localhost", "localhost", true),
  ])
  func aPatternMatchesAsTheSpecificationSays(pattern: String, host: String, matches: Bool) throws {
    #expect(try #require(DomainPattern(parsing: pattern)).matches(host) == matches)
  }

  @Test(arguments: [
    "", "*.", "*foo.com", "www.*.com", "10.0.0.*", "*.0.0.1", "http://foo.com", "foo.com/", "a b", "foo.com:80",
  ])
  func whatTheSpecificationDoesNotKnowIsRefused(text: String) {
    #expect(DomainPattern(parsing: text) == nil)
  }

  @Test(arguments: [("*", "*"), ("1935", "1935"), ("80, 443,8000-8010", "80,443,8000-8010"), ("0-65535", "*")])
  func portsReadAndPrint(text: String, printed: String) throws {
    #expect(try #require(PortSet(parsing: text)).description == printed)
  }

  @Test(arguments: ["", "1935-", "70000", "9-1", "a", "80;81", "-1"]) func whatIsNoPortIsRefused(text: String) {
    #expect(PortSet(parsing: text) == nil)
  }
}
