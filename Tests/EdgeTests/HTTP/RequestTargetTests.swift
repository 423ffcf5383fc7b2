import Testing

@testable import Edge

@Suite struct RequestTargetTests {
  @Test(arguments: [
    ("/", [""], "/"),
    ("/rooms/demo", ["rooms", "demo"], "/rooms/demo"),
    ("/rooms/demo/", ["rooms", "demo", ""], "/rooms/demo/"),
    ("/send/0aF-_9/17", ["send", "0aF-_9", "17"], "/send/0aF-_9/17"),
    ("/send//0aF-_9/17", ["send", "0aF-_9", "17"], "/send/0aF-_9/17"),
    ("/send/.x/17", ["send", ".x", "17"], "/send/.x/17"),
    ("//rooms///demo", ["rooms", "demo"], "/rooms/demo"),
    ("/a/./b/../c", ["a", "c"], "/a/c"),
    ("/a/b/..", ["a", ""], "/a/"),
    ("/a/%2E%2E/b", ["b"], "/b"),
    ("/r%C3%A4ume/%E2%82%AC", ["räume", "€"], "/räume/€"),
    ("/a%20b+c", ["a b+c"], "/a b+c"),
    ("/%252e%252e/a", ["%2e%2e", "a"], "/%2e%2e/a"),
    ("http://host:80/a/b", ["a", "b"], "/a/b"),
    ("HTTPS://host", [""], "/"),
    ("http://host?x=1", [""], "/"),
  ])
  func pathIsDecodedAndNormalised(target: String, segments: [String], path: String) throws {
    let target = try RequestTarget(target)
    #expect(target.segments == segments)
    #expect(target.path == path)
  }

  @Test(arguments: [
    ("", RequestTargetError.notAPath),
    ("*", .notAPath),
    ("host:80", .notAPath),
    ("ftp://host/", .notAPath),
    ("/a b", .forbiddenByte(0x20, offset: 2)),
    ("/a#b", .forbiddenByte(0x23, offset: 2)),
    ("/\u{1}", .forbiddenByte(1, offset: 1)),
    ("/ä", .forbiddenByte(0xC3, offset: 1)),
    ("/%", .brokenEscape(offset: 1)),
    ("/%4", .brokenEscape(offset: 1)),
    ("/%4g", .brokenEscape(offset: 1)),
    ("/a?b=%", .brokenEscape(offset: 5)),
    ("/%FF", .notUTF8),
    ("/%C0%AF", .notUTF8),
    ("/a?b=%FF", .notUTF8),
    ("/a%2Fb", .forbiddenInSegment),
    ("/a%5Cb", .forbiddenInSegment),
    ("/a%00", .forbiddenInSegment),
    ("/a%7F", .forbiddenInSegment),
    ("/..", .climbsAboveRoot),
    ("/a/../../b", .climbsAboveRoot),
    ("/%2e%2e/b", .climbsAboveRoot),
  ])
  func unsafeTargetIsRefusedByItsRule(target: String, error: RequestTargetError) {
    #expect(throws: error) { try RequestTarget(target) }
  }

  @Test func queryKeepsItsOrderAndIsDecoded() throws {
    let target = try RequestTarget("/a?x=1&y=a%26b+c&x=2&flag&&=empty")
    #expect(target.query.map(\.name) == ["x", "y", "x", "flag", ""])
    #expect(target.query.map(\.value) == ["1", "a&b c", "2", "", "empty"])
    #expect(target.queryValue("x") == "1")
    #expect(target.queryValue("z") == nil)
  }

  @Test func queryItemsAreLimited() throws {
    let atLimit = "/?" + Array(repeating: "a", count: 64).joined(separator: "&")
    #expect(try RequestTarget(atLimit).query.count == 64)
    #expect(throws: RequestTargetError.tooManyQueryItems(limit: 64)) { try RequestTarget(atLimit + "&a") }
  }
}
