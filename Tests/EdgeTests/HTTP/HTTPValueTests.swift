import HTTPTypes
import NIOCore
import Testing

@testable import Edge

/// Dates, entity tags and problem documents.
@Suite struct HTTPValueTests {
  @Test(arguments: [
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),  // RFC 9110, section 5.6.7
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
    (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
  ])
  func dateIsWrittenAsTheStandardSays(seconds: Int, text: String) {
    #expect(HTTPDate(seconds: seconds).description == text)
  }

  @Test(arguments: [
    ("\"xyzzy\"", true), ("W/\"xyzzy\"", true), ("\"a\", \"xyzzy\"", true), ("\"a\",W/\"xyzzy\" ", true), ("*", true),
    ("\"xyzz\"", false), ("xyzzy", false), ("", false), ("\"xyzzy", false), ("\"a,xyzzy\"", false),
  ])
  func ifNoneMatchIsComparedWeakly(value: String, matches: Bool) throws {
    let tag = try #require(EntityTag(opaque: "xyzzy"))
    #expect(tag.isNamed(inIfNoneMatch: value) == matches)
  }

  @Test func tagDependsOnTheContent() {
    let tag = EntityTag(of: ByteBuffer(string: "a"))
    // FNV-1a of "a", from its authors' test vectors.
    #expect(tag.description == "\"1-af63dc4c8601ec8c\"")
    #expect(EntityTag(of: ByteBuffer(string: "b")) != tag)
    #expect(EntityTag(opaque: "a\"b") == nil)
    #expect(EntityTag(opaque: "a", isWeak: true)?.description == "W/\"a\"")
  }

  @Test func assetIsNotSentAgainToAClientThatHasIt() throws {
    let content = ByteBuffer(string: "export {}")
    let tag = EntityTag(of: content)
    var request = HTTPServerRequest(method: .get, target: try RequestTarget("/a.js"))
    let first = HTTPServerResponse.asset(content, contentType: "text/javascript", tag: tag, for: request)
    #expect(first.status == .ok)
    #expect(first.body == content)
    request.fields[.ifNoneMatch] = first.fields[.eTag]
    let second = HTTPServerResponse.asset(content, contentType: "text/javascript", tag: tag, for: request)
    #expect(second.status == .notModified)
    #expect(second.body.readableBytes == 0)
    #expect(second.fields[.eTag] == first.fields[.eTag])
  }

  @Test(arguments: [
    ("https://Example.org:8443", true), ("http://example.org:8443", false), ("https://example.org", false),
    ("https://example.org:8443.evil.example", false), ("null", false), (nil, false),
  ])
  func originMustNameTheHostAskedFor(origin: String?, same: Bool) throws {
    var request = HTTPServerRequest(
      method: .get, scheme: "https", authority: "example.org:8443", target: try RequestTarget("/"))
    request.fields[.origin] = origin
    #expect(request.isFromSameOrigin == same)
  }

  @Test func problemDocumentIsJSONInAFixedOrder() {
    let problem = ProblemDocument(status: .forbidden, detail: "no \"key\" \\ given\n\u{1}ä", instance: "/rooms/a")
    #expect(
      problem.json
        == #"{"type":"about:blank","title":"Forbidden","status":403,"detail":"no \"key\" \\ given\u000a\u0001ä","instance":"/rooms/a"}"#
    )
    let response = problem.response(fields: [.retryAfter: "5"])
    #expect(response.status == .forbidden)
    #expect(response.fields[.contentType] == "application/problem+json")
    #expect(response.fields[.retryAfter] == "5")
  }
}
