import AMF
import Testing

@testable import Replay

@Suite struct ConversationDetailsTests {
  @Test func fieldsOfObjectsAreAFactEach() {
    let details = ConversationDetails.of(["app": "live/demo", "audioCodecs": 3575], [.null, 7, ["code": "x"]])
    #expect(details == ["app: \"live/demo\"", "audioCodecs: 3575", "null", "7", "code: \"x\""])
  }

  @Test(arguments: [
    ("rtmp://h/live?key=s3cret", "\"rtmp://h/live?key=(key)\""),
    ("alice?a=1&key=s3cret&b=2", "\"alice?a=1&key=(key)&b=2\""),
    ("alice?key=", "\"alice?key=(key)\""),
    ("alice?key=a?key=b", "\"alice?key=(key)?key=(key)\""),
    ("monkey=3", "\"monkey=3\""),
  ])
  func accessKeysAreLeftOut(text: String, shown: String) {
    #expect(ConversationDetails.of(.string(text), []) == [shown])
  }

  @Test func textsBehindConnectMayBeKeys() {
    let details = ConversationDetails.of(["app": "a"], ["s3cret", 3], masksArguments: true)
    #expect(details == ["app: \"a\"", "(text)", "3"])
  }

  @Test func noTextBreaksTheLine() {
    let details = ConversationDetails.of(["a\nb": "c\u{2028}d\u{7}"], [])
    #expect(details.count == 1 && details.allSatisfy { !$0.contains { $0.isNewline } })
  }
}
