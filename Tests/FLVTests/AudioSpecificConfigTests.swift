import FLV
import NIOCore
import Testing
import Seeded

@Suite struct AudioSpecificConfigTests {
  struct Expected: Sendable {
    let hex: String
    let objectType: Int
    let sampleRate: Int
    let channels: Int?
    var samplesPerFrame: Int? = 1024
    var replication = AudioSpecificConfig.BandReplication.notSignalled
  }

  static let configurations = [
    Expected(hex: "1210", objectType: 2, sampleRate: 44100, channels: 2),
    Expected(hex: "1190", objectType: 2, sampleRate: 48000, channels: 2),
    Expected(hex: "1408", objectType: 2, sampleRate: 16000, channels: 1),
    Expected(hex: "11b8", objectType: 2, sampleRate: 48000, channels: 8),
    Expected(hex: "1214", objectType: 2, sampleRate: 44100, channels: 2, samplesPerFrame: 960),
    // The rate itself behind index 15.
    Expected(hex: "1780562210", objectType: 2, sampleRate: 44100, channels: 2),
    // As libavcodec writes them: band replication said to be absent.
    Expected(hex: "121056e500", objectType: 2, sampleRate: 44100, channels: 2, replication: .absent),
    Expected(hex: "138856e500", objectType: 2, sampleRate: 22050, channels: 1, replication: .absent),
    Expected(hex: "11b056e500", objectType: 2, sampleRate: 48000, channels: 6, replication: .absent),
    // HE-AAC, the extension behind the core.
    Expected(
      hex: "139056e5a0", objectType: 2, sampleRate: 22050, channels: 2,
      replication: .present(sampleRate: 44100, parametricStereo: nil)),
    Expected(
      hex: "138856e5a54880", objectType: 2, sampleRate: 22050, channels: 1,
      replication: .present(sampleRate: 44100, parametricStereo: true)),
    // HE-AAC and HE-AAC v2, the extension in front.
    Expected(
      hex: "2b920800", objectType: 2, sampleRate: 22050, channels: 2,
      replication: .present(sampleRate: 44100, parametricStereo: nil)),
    Expected(
      hex: "eb8a0800", objectType: 2, sampleRate: 22050, channels: 1,
      replication: .present(sampleRate: 44100, parametricStereo: true)),
    // Object type 42 behind the escape: has a form of its own.
    Expected(hex: "f9484400", objectType: 42, sampleRate: 44100, channels: 2, samplesPerFrame: nil),
    // A program config element: one pair in front and one low frequency channel, no comment.
    Expected(hex: "1200 05 04 01 00 20 00 00", objectType: 2, sampleRate: 44100, channels: 3),
  ]

  @Test(arguments: configurations)
  func configurationIsReadAndWrittenAsItCame(expected: Expected) throws {
    let bytes = ByteBuffer(hex: expected.hex)
    let config = try AudioSpecificConfig(parsing: bytes)
    #expect(config.objectType == expected.objectType)
    #expect(config.sampleRate == expected.sampleRate)
    #expect(config.channels == expected.channels)
    #expect(config.samplesPerFrame == expected.samplesPerFrame)
    #expect(config.bandReplication == expected.replication)
    var written = ByteBuffer()
    config.write(into: &written)
    #expect(written == bytes)
  }

  @Test func bandReplicationGivesTheRateThatComesOut() throws {
    #expect(try AudioSpecificConfig(parsing: ByteBuffer(hex: "2b920800")).outputSampleRate == 44100)
    #expect(try AudioSpecificConfig(parsing: ByteBuffer(hex: "1408")).outputSampleRate == 16000)
  }

  @Test(arguments: [7350, 8000, 16000, 44100, 48000, 96000, 1, 44099, 0xFF_FFFF])
  func configurationMadeHereIsReadBack(sampleRate: Int) throws {
    for channels in 1...7 {
      let made = try AudioSpecificConfig(sampleRate: sampleRate, channelConfiguration: channels)
      var bytes = ByteBuffer()
      made.write(into: &bytes)
      #expect(try AudioSpecificConfig(parsing: bytes) == made)
    }
  }

  @Test(arguments: [0, 0x100_0000])
  func rateThatDoesNotFitIsRefused(sampleRate: Int) {
    #expect(
      throws: FLVError.outOfRange(.audioSpecificConfig, .samplingFrequency, value: sampleRate, allowed: 1...0xFF_FFFF)
    ) {
      try AudioSpecificConfig(sampleRate: sampleRate, channelConfiguration: 1)
    }
  }

  @Test(
    arguments: [
      ("", .truncated(.audioSpecificConfig, needed: 1, available: 0)),
      ("12", .truncated(.audioSpecificConfig, needed: 2, available: 1)),
      ("0210", .outOfRange(.audioSpecificConfig, .audioObjectType, value: 0, allowed: 1...95)),
      ("1690", .outOfRange(.audioSpecificConfig, .samplingFrequencyIndex, value: 13, allowed: 0...12)),
      ("1710", .outOfRange(.audioSpecificConfig, .samplingFrequencyIndex, value: 14, allowed: 0...12)),
      ("1780000010", .outOfRange(.audioSpecificConfig, .samplingFrequency, value: 0, allowed: 1...0xFF_FFFF)),
      ("1240", .outOfRange(.audioSpecificConfig, .channelConfiguration, value: 8, allowed: 0...7)),
      ("1200", .truncated(.audioSpecificConfig, needed: 4, available: 2)),
    ] as [(String, FLVError)])
  func configurationAgainstTheRulesIsRefused(hex: String, error: FLVError) {
    #expect(throws: error) { try AudioSpecificConfig(parsing: ByteBuffer(hex: hex)) }
  }

  @Test func tenThousandMutationsAreReadOrRefused() throws {
    var generator = SeededGenerator(seed: 3)
    var understood = 0
    for round in 0..<10_000 {
      let hex = Self.configurations[round % Self.configurations.count].hex
      let bytes = ByteBuffer(hex: hex).mutated(using: &generator)
      guard let config = try? AudioSpecificConfig(parsing: bytes) else { continue }
      understood += 1
      #expect((1...95).contains(config.objectType))
      #expect((1...0xFF_FFFF).contains(config.outputSampleRate))
    }
    #expect(understood > 1_000)
  }
}
