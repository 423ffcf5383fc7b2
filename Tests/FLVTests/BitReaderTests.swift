import Testing

@testable import FLV
import Seeded

@Suite struct BitReaderTests {
  @Test func numbersOfAnyWidthAreReadAsWritten() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let numbers = (0..<20).map { _ in
        let width = Int.random(in: 0...32, using: &generator)
        return (UInt32(truncatingIfNeeded: UInt64.random(in: 0..<(1 << UInt64(width)), using: &generator)), width)
      }
      var writer = BitWriter()
      for (number, width) in numbers { writer.write(number, width) }
      var reader = BitReader(writer.bytes, part: .audioSpecificConfig)
      for (number, width) in numbers { #expect(try reader.read(width) == number) }
      #expect(reader.remaining < 8)
    }
  }

  /// ITU-T H.264 table 9-2 and 9-3, and the last codes of 32 bits.
  @Test(arguments: [("1", 0, 0), ("010", 1, 1), ("011", 2, -1), ("00100", 3, 2), ("00111", 6, -3), ("0001010", 9, 5)])
  func expGolombCodesAreRead(bits: String, unsigned: Int, signed: Int) throws {
    var writer = BitWriter()
    for bit in bits { writer.write(bit == "1" ? 1 : 0, 1) }
    var reader = BitReader(writer.bytes, part: .sequenceParameterSet)
    #expect(try reader.readUnsignedExpGolomb() == unsigned)
    reader = BitReader(writer.bytes, part: .sequenceParameterSet)
    #expect(try reader.readSignedExpGolomb() == signed)
  }

  @Test func longestExpGolombCodeIsRead() throws {
    var writer = BitWriter()
    writer.write(0, 31)
    writer.write(.max, 32)
    var reader = BitReader(writer.bytes, part: .sequenceParameterSet)
    #expect(try reader.readUnsignedExpGolomb() == 4_294_967_294)
  }

  @Test func readingBeyondTheEndIsTruncated() throws {
    var reader = BitReader([0xFF], part: .audioSpecificConfig)
    _ = try reader.read(7)
    #expect(throws: FLVError.truncated(.audioSpecificConfig, needed: 2, available: 1)) { try reader.read(2) }
    #expect(try reader.read(1) == 1)
    #expect(throws: FLVError.truncated(.audioSpecificConfig, needed: 2, available: 1)) { try reader.skip(1) }
  }
}
