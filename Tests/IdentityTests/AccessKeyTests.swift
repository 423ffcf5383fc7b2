import Seeded
import Testing

@testable import Identity

@Suite struct AccessKeyTests {
  @Test func aKeyReadsBackFromItsTextAndDiffersFromAllOthers() {
    var random = SeededGenerator(seed: 7)
    var ids: Set<String> = []
    for _ in 0..<500 {
      let key = AccessKey(using: &random)
      #expect(AccessKey(key.reveal()) == key)
      #expect(ids.insert(key.id).inserted)
      // 32 characters of 5 bits.
      #expect(key.reveal().utf8.count == 44)
    }
  }

  @Test func nothingOfTheSecretIsPrinted() {
    var random = SeededGenerator(seed: 7)
    let key = AccessKey(using: &random)
    for text in ["\(key)", String(reflecting: key), String(describing: Optional(key))] {
      #expect(text.contains(key.id))
      #expect(!text.contains(key.secret))
    }
  }

  @Test func whatIsNoKeyIsRefusedWhereverItIsChanged() throws {
    var random = SeededGenerator(seed: 7)
    let key = AccessKey(using: &random)
    let bytes = Array(key.reveal().utf8)
    for count in 0..<bytes.count { #expect(AccessKey(String(decoding: bytes.prefix(count), as: UTF8.self)) == nil) }
    #expect(AccessKey(key.reveal() + "a") == nil)
    for index in bytes.indices {
      for strange in ["-", "A", "1", " ", "\0", "ä"] {
        let changed =
          String(decoding: bytes[..<index], as: UTF8.self) + strange
          + String(decoding: bytes[(index + 1)...], as: UTF8.self)
        if changed != key.reveal() { #expect(AccessKey(changed) == nil, "\(index) \(strange)") }
      }
    }
  }
}
