import FLV
import NIOCore
import Testing
import Seeded

@Suite struct AVCDecoderConfigurationTests {
  /// What x264 writes: high profile, level 3, with the four bytes of the high profiles at the end.
  private static let high = ByteBuffer(
    hex: """
      0164001effe1001a6764001eacd940a02ff97011000003000100000300320f162d9601000668ebe3cb22c0fdf8f800
      """)

  @Test func recordIsReadAndWrittenAsItCame() throws {
    let record = try AVCDecoderConfiguration(parsing: Self.high)
    #expect(record.profile == 100)
    #expect(record.compatibility == 0)
    #expect(record.level == 30)
    #expect(record.nalLengthSize == 4)
    #expect(record.sequenceParameterSets.map(\.readableBytes) == [26])
    #expect(record.pictureParameterSets.map(\.hex) == ["68ebe3cb22c0"])
    #expect(record.extensions.hex == "fdf8f800")
    var written = ByteBuffer()
    record.write(into: &written)
    #expect(written == Self.high)
  }

  @Test func recordCutOffInItsSetsIsTruncated() throws {
    for length in 0..<Self.high.readableBytes - 4 {
      let part = try #require(Self.high.getSlice(at: 0, length: length))
      #expect { try AVCDecoderConfiguration(parsing: part) } throws: { error in
        guard case .truncated(.avcConfiguration, _, _) = error as? FLVError else { return false }
        return true
      }
    }
  }

  @Test func reservedBitsMayBeZero() throws {
    var bytes = Self.high
    bytes.setInteger(0x03 as UInt8, at: 4)
    bytes.setInteger(0x01 as UInt8, at: 5)
    let record = try AVCDecoderConfiguration(parsing: bytes)
    #expect(record.nalLengthSize == 4)
    #expect(record.sequenceParameterSets.count == 1)
  }

  @Test(
    arguments: [
      ("02 42c01e ff e0 00", .outOfRange(.avcConfiguration, .configurationVersion, value: 2, allowed: 1...1)),
      ("01 42c01e fe e0 00", .outOfRange(.avcConfiguration, .nalLengthSize, value: 3, allowed: 1...4)),
      ("01 42c01e ff e1 0000 00", .outOfRange(.avcConfiguration, .parameterSetLength, value: 0, allowed: 1...65_535)),
      ("01 42c01e ff e1 0001 68 00", .wrongNALUnitType(expected: 7, found: 8)),
      ("01 42c01e ff e0 01 0001 67", .wrongNALUnitType(expected: 8, found: 7)),
    ] as [(String, FLVError)])
  func recordAgainstTheRulesIsRefused(hex: String, error: FLVError) {
    #expect(throws: error) { try AVCDecoderConfiguration(parsing: ByteBuffer(hex: hex)) }
  }

  @Test func setsAreAllowedUpToWhatTheRecordHolds() throws {
    func record(_ sequence: Int, _ picture: Int) throws -> AVCDecoderConfiguration {
      try AVCDecoderConfiguration(
        profile: 66, compatibility: 0xC0, level: 30, nalLengthSize: 2,
        sequenceParameterSets: Array(repeating: ByteBuffer(bytes: [0x67]), count: sequence),
        pictureParameterSets: Array(repeating: ByteBuffer(bytes: [0x68]), count: picture))
    }
    let full = try record(31, 255)
    var written = ByteBuffer()
    full.write(into: &written)
    #expect(try AVCDecoderConfiguration(parsing: written) == full)
    #expect(throws: FLVError.outOfRange(.avcConfiguration, .sequenceParameterSetCount, value: 32, allowed: 0...31)) {
      try record(32, 0)
    }
    #expect(throws: FLVError.outOfRange(.avcConfiguration, .pictureParameterSetCount, value: 256, allowed: 0...255)) {
      try record(1, 256)
    }
  }

  @Test func setIsAllowedUpTo65535Bytes() throws {
    func record(_ length: Int) throws -> AVCDecoderConfiguration {
      try AVCDecoderConfiguration(
        profile: 66, compatibility: 0, level: 30,
        sequenceParameterSets: [ByteBuffer(repeating: 0x67, count: length)], pictureParameterSets: [])
    }
    #expect(try record(65_535).sequenceParameterSets.count == 1)
    #expect(throws: FLVError.outOfRange(.avcConfiguration, .parameterSetLength, value: 65_536, allowed: 1...65_535)) {
      try record(65_536)
    }
  }

  @Test func tenThousandMutationsAreReadOrRefused() throws {
    var generator = SeededGenerator(seed: 1)
    var understood = 0
    for _ in 0..<10_000 {
      let bytes = Self.high.mutated(using: &generator)
      guard let record = try? AVCDecoderConfiguration(parsing: bytes) else { continue }
      understood += 1
      var written = ByteBuffer()
      record.write(into: &written)
      #expect(try AVCDecoderConfiguration(parsing: written) == record)
      for unit in record.sequenceParameterSets {
        if let set = try? SequenceParameterSet(parsing: unit) { #expect(set.width > 0 && set.height > 0) }
      }
    }
    #expect(understood > 1_000)
  }
}
