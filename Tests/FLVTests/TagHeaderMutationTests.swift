import FLV
import NIOCore
import Testing
import Seeded

@Suite struct TagHeaderMutationTests {
  @Test func tenThousandNoisyAudioHeadersAreReadOrRefused() {
    var generator = SeededGenerator(seed: 1)
    var understood = 0
    for _ in 0..<10_000 {
      let whole = ByteBuffer(bytes: [0xAF, 1, 2, 3]).mutated(using: &generator)
      var rest = whole
      guard let header = try? AudioTagHeader.read(from: &rest) else { continue }
      understood += 1
      var written = ByteBuffer()
      header.write(into: &written)
      written.writeBuffer(&rest)
      #expect(written == whole)
    }
    #expect(understood > 1_000)
  }

  @Test func tenThousandNoisyVideoHeadersAreReadOrRefused() {
    var generator = SeededGenerator(seed: 2)
    var understood = 0
    for _ in 0..<10_000 {
      let whole = ByteBuffer(bytes: [0x27, 1, 0xFF, 0xFF, 0xD8, 9]).mutated(using: &generator)
      var rest = whole
      guard let header = try? VideoTagHeader.read(from: &rest) else { continue }
      understood += 1
      var written = ByteBuffer()
      header.write(into: &written)
      written.writeBuffer(&rest)
      #expect(written == whole)
    }
    #expect(understood > 1_000)
  }
}
