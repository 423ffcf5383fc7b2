import Foundation
import Seeded
import Testing

@testable import AccessPolicy

@Suite struct AddressPatternTests {
  private static let patterns = [
    #"10\.60\.147\.\d+"#, #"^10\.60\.14[4-9]\.(1?[0-9]?[0-9])$"#, #"10\.60\..*"#, #"10.60.147.1"#,
    #"10\.60\.1(44|45)\.(25[0-5]|2[0-4]\d|1?\d?\d)"#, #"10\.60\.(?:14[0-9]|15[0-9])\.[^0-9]*\d{1,2}"#,
    #"192\.168\.\d{1,3}\.\d{1,3}|10\.60\.150\.\d+"#, #"10(\.\d+){3}"#, #".*"#, #"10\.60\.147\.1?"#,
    #"[0-9.]+"#, #"10\.60\.1[45][0-9]\.\w+"#, #"^(10|172)\.60\.(144|150)\.\d\d$"#, #"::1"#, "",
  ]

  /// The library's own idea of the expression, over a whole block and its neighbours.
  @Test(arguments: patterns) func thePatternMeansWhatARegularExpressionLibraryMatches(pattern: String) throws {
    let library = try NSRegularExpression(pattern: "\\A(?:\(pattern))\\z")
    let translated = try AddressPattern(pattern).addresses
    var wrong = 0
    let base: UInt32 = 0x0A3C_9000  // 10.60.144.0/21
    for address in (0..<2048).map({ base + $0 }) + [0x0A3B_0001, 0xC0A8_0101, 0xAC3C_900A, 0x0102_0305, 0] {
      let text = IPAddress.v4(address).description
      let matches = library.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
      if matches != translated.contains(.v4(address)) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func wholeBlocksComeOutAsRanges() throws {
    #expect(try AddressPattern(#"10\.60\.147\.\d+"#).addresses.ranges.map(\.description) == ["10.60.147.0/24"])
    #expect(try AddressPattern(#"10\.60\..*"#).addresses.ranges.map(\.description) == ["10.60.0.0/16"])
    #expect(try AddressPattern(".*").addresses.ranges.map(\.description) == ["0.0.0.0/0"])
    #expect(try AddressPattern(#"10\.0\.0\.[1-3]"#).addresses.ranges.map(\.description) == ["10.0.0.1-10.0.0.3"])
  }

  @Test func aReadingThatLooksInsideIsTold() throws {
    #expect(try AddressPattern(#"10\.60\.147\.1"#).dependsOnAnchoring)
    #expect(try !AddressPattern(#"^10\.60\.147\.1$"#).dependsOnAnchoring)
    #expect(try !AddressPattern(#".*"#).dependsOnAnchoring)
  }

  @Test(arguments: [
    #"(\d+)\.\1\..*"#, "(?=10).*", "10{", "10{5,2}", "(10", "10)", "[0-9", #"10\b"#, "*1", "1++", "1{100}", "[[0-9]]",
    "10^.1", "10$.1",
  ])
  func whatIsNoPlainExpressionIsRefused(pattern: String) {
    #expect(throws: AddressExpression.Refusal.self) { try AddressPattern(pattern) }
  }

  @Test func whatTakesTooMuchIsRefused() {
    #expect(throws: AddressExpression.Refusal.tooManyRanges(limit: 65_536)) {
      try AddressPattern(#"\d+\.\d+\.\d+\.[13579]"#)
    }
    #expect(throws: AddressExpression.Refusal.tooComplex) { try AddressPattern("((((1{64}){64}){64}){64}){64}") }
    #expect(throws: AddressExpression.Refusal.tooComplex) { try AddressPattern(String(repeating: "(", count: 1000)) }
  }

  @Test func noExpressionStopsTheTranslation() {
    var generator = SeededGenerator(seed: 11)
    let parts = ["1", "0", #"\."#, ".", "*", "+", "?", "{2}", "(", ")", "|", "[0-3]", #"\d"#, "^", "$", "[", "]", "-"]
    for _ in 0..<1_000 {
      let text = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
        parts[Int.random(in: 0..<parts.count, using: &generator)]
      }.joined()
      // Either a set or a refusal; what both are worth the other tests say.
      _ = try? AddressPattern(text)
    }
  }
}
