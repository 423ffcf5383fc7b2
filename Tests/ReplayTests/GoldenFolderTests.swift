import Foundation
import Testing

@testable import Replay

@Suite struct GoldenFolderTests {
  private let outcome = SessionOutcome(result: SessionResultTests.result)

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "golden-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func aMissingGoldenResultIsADifferenceThatSaysSo() throws {
    try withFolder { folder in
      let compared = GoldenFolder(path: folder.path).compared(outcome)
      #expect(compared.differs && compared.golden == nil)
      #expect(compared.differences.map(\.subject) == [.goldenMissing])
    }
  }

  @Test func whatWasWrittenIsTheSame() throws {
    try withFolder { folder in
      let golden = GoldenFolder(path: folder.path)
      let isNew = try golden.update(outcome)
      #expect(isNew)
      #expect(!golden.compared(outcome).differs)
      #expect(golden.compared(outcome).golden?.text == outcome.result.text)
      let isNewer = try golden.update(outcome)
      #expect(!isNewer, "there is nothing to write")
    }
  }

  @Test func aDifferenceWithinTheToleranceKeepsTheFile() throws {
    try withFolder { folder in
      let golden = GoldenFolder(path: folder.path)
      _ = try golden.update(outcome)
      var other = outcome
      let sound = Fingerprint.Content.sound(SoundFingerprint(decibelTenths: -180, hertz: 442))
      other.result.tracks?[1].outputs[0].fingerprints[0].content = sound
      let isLouder = try golden.update(other)
      #expect(!isLouder)
      other.result.tracks?[1].outputs[0].codec = "pcmu"
      #expect(golden.compared(other).differs)
      let isOther = try golden.update(other)
      #expect(isOther)
      #expect(!golden.compared(other).differs)
    }
  }

  @Test func aNameDoesNotLeadOutOfTheFolder() throws {
    try withFolder { folder in
      var other = outcome
      other.result.name = "../../escaped"
      _ = try GoldenFolder(path: folder.path).update(other)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files == [".._.._escaped.txt"])
    }
  }

  @Test func whatIsNoResultIsADifferenceToo() throws {
    try withFolder { folder in
      let golden = GoldenFolder(path: folder.path)
      var other = outcome
      other.result.name = "a"
      _ = try golden.update(other)
      for bytes in [Data("nonsense".utf8), Data([0xFF, 0xFE])] {
        try bytes.write(to: folder.appending(path: "a.txt"))
        #expect(golden.compared(other).differences.map(\.subject) == [.goldenUnreadable])
      }
    }
  }
}
