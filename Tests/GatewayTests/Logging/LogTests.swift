import Foundation
import Logging
import Testing

@testable import Gateway

@Suite struct LogTests {
  @Test func aTextLineNamesWhatItIsAboutFirst() {
    let lines = LoggedLines()
    var logger = lines.logger(.text)
    logger[metadataKey: "session"] = "7"
    logger.info(
      "session refused",
      metadata: ["codec": "flv1", "reason": "room full", "address": "127.0.0.1:4000", "room": "demo"])
    #expect(
      lines.all == [
        "2025-12-31T23:59:59.042Z INFO     session refused"
          + " session=7 address=127.0.0.1:4000 room=demo reason=\"room full\" codec=flv1\n"
      ])
  }

  @Test func aJSONLineIsOneObject() throws {
    let lines = LoggedLines()
    lines.logger(.json).warning(
      "a \"quote\", a \\, a tab\t, a bell\u{7} and 🎺", metadata: ["room": "r\n1", "level": "mine", "n": "\(3)"])
    #expect(
      lines.all == [
        #"{"time":"2025-12-31T23:59:59.042Z","level":"warning","message":"#
          + #""a \"quote\", a \\, a tab\t, a bell\u0007 and 🎺","room":"r\n1","_level":"mine","n":"3"}"# + "\n"
      ])
    let parsed = try JSONSerialization.jsonObject(with: Data(lines.all.joined().utf8)) as? [String: String]
    #expect(parsed?["message"] == "a \"quote\", a \\, a tab\t, a bell\u{7} and 🎺")
    #expect(parsed?["room"] == "r\n1")
  }

  @Test func whatComesFromOutsideCannotForgeALine() {
    let lines = LoggedLines()
    let forged = "x\n2026-01-01T00:00:00.000Z ERROR    all is lost \u{1B}[31m \u{85}\u{2028}"
    lines.logger(.text).info("joined \(forged)", metadata: ["room": "\(forged)"])
    lines.logger(.json).info("joined \(forged)", metadata: ["room": "\(forged)"])
    for line in lines.all {
      #expect(line.filter(\.isNewline) == "\n")
      #expect(!line.unicodeScalars.contains("\u{1B}"))
    }
    #expect(lines.all.count == 2)
  }

  @Test func linesUnderTheLevelAreNotWritten() {
    let lines = LoggedLines()
    let logger = lines.logger(.text, level: .warning)
    logger.notice("no")
    logger.warning("yes")
    #expect(lines.all.count == 1)
  }

  @Test func noLineHasASecretInMessageOrField() {
    let lines = LoggedLines()
    for format in LogConfiguration.Format.allCases {
      lines.logger(format).info(
        "publish of rtmp://gate/demo?key=hunter2",
        metadata: ["room": "demo", "stream": "alice?x=1&key=hunter2&y=2", "Key": "hunter2"])
    }
    #expect(lines.all.count == 2)
    for line in lines.all {
      #expect(!line.contains("hunter2"))
      #expect(line.contains("x=1&key=***&y=2"))
    }
  }

  @Test(arguments: [
    ("alice?key=abc", "alice?key=***"),
    ("alice?KEY=abc&b=c", "alice?KEY=***&b=c"),
    ("https://h/rooms/demo#key=abc", "https://h/rooms/demo#key=***"),
    ("rtmp://h/demo?token=a%20b rest", "rtmp://h/demo?token=*** rest"),
    ("\"key=abc\", next", "\"key=***\", next"),
    ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
    ("basic dXNlcjpwYXNz;", "basic ***;"),
    ("monkey=banana", "monkey=banana"),
    ("key =abc", "key =abc"),
    ("key=", "key=***"),
    ("nothing to hide", "nothing to hide"),
    ("", ""),
  ])
  func valuesBehindSecretNamesAreReplaced(text: String, expected: String) {
    #expect(Redaction.redact(text) == expected)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func timesAreUTCWithMilliseconds(milliseconds: Int64, expected: String) {
    #expect(LogTime(milliseconds: milliseconds).text == expected)
  }
}
