import FLV
import NIOCore
import Testing

@Suite struct AudioTagHeaderTests {
  @Test(
    arguments: [
      (0x00, SoundFormat.linearPCMPlatformEndian), (0x10, .adpcm), (0x20, .mp3), (0x30, .linearPCMLittleEndian),
      (0x40, .nellymoser16k), (0x50, .nellymoser8k), (0x60, .nellymoser), (0x70, .g711ALaw), (0x80, .g711MuLaw),
      (0xB0, .speex), (0xE0, .mp38k), (0xF0, .deviceSpecific),
    ] as [(UInt8, SoundFormat)])
  func formatIsInTheHighBits(byte: UInt8, format: SoundFormat) throws {
    var bytes = ByteBuffer(bytes: [byte, 0xAA])
    let header = try AudioTagHeader.read(from: &bytes)
    #expect(header.soundFormat == format)
    #expect(header.aacPacketType == nil)
    #expect(bytes == ByteBuffer(bytes: [0xAA]))
  }

  @Test(
    arguments: [
      (0x20, 5512, 8, 1), (0x25, 11025, 8, 2), (0x2A, 22050, 16, 1), (0x2F, 44100, 16, 2),
    ] as [(UInt8, Int, Int, Int)])
  func rateSizeAndChannelsAreInTheLowBits(byte: UInt8, rate: Int, size: Int, channels: Int) throws {
    var bytes = ByteBuffer(bytes: [byte])
    let header = try AudioTagHeader.read(from: &bytes)
    #expect(header.sampleRate == rate)
    #expect(header.bitsPerSample == size)
    #expect(header.channels == channels)
    #expect(header.effectiveSampleRate == rate)
    #expect(header.effectiveChannels == channels)
  }

  @Test(
    arguments: [
      (0xB7, 16000, 1), (0x4F, 16000, 1), (0x5F, 8000, 1), (0x6B, 22050, 1), (0x7E, 8000, 1), (0x8E, 8000, 1),
      (0xEF, 8000, 2),
    ] as [(UInt8, Int, Int)])
  func codecWithARateOfItsOwnIgnoresTheTag(byte: UInt8, rate: Int, channels: Int) throws {
    var bytes = ByteBuffer(bytes: [byte])
    let header = try AudioTagHeader.read(from: &bytes)
    #expect(header.effectiveSampleRate == rate)
    #expect(header.effectiveChannels == channels)
  }

  @Test func aacHasAPacketTypeAndLeavesRateToItsConfiguration() throws {
    var bytes = ByteBuffer(bytes: [0xAF, 0x00, 0x12, 0x10])
    let header = try AudioTagHeader.read(from: &bytes)
    #expect(header.aacPacketType == .sequenceHeader)
    #expect(header.effectiveSampleRate == nil)
    #expect(header.effectiveChannels == nil)
    #expect(try AudioSpecificConfig(parsing: bytes).sampleRate == 44100)
    bytes = ByteBuffer(bytes: [0xAF, 0x01])
    #expect(try AudioTagHeader.read(from: &bytes).aacPacketType == .raw)
  }

  @Test func everyHeaderIsWrittenAsItWasRead() throws {
    var known = 0
    for first in UInt8.min ... .max {
      let whole = ByteBuffer(bytes: [first, 1])
      var bytes = whole
      guard let header = try? AudioTagHeader.read(from: &bytes) else { continue }
      known += 1
      var written = ByteBuffer()
      header.write(into: &written)
      written.writeBuffer(&bytes)
      #expect(written == whole)
    }
    #expect(known == 13 * 16)
  }

  @Test(
    arguments: [
      ([], .truncated(.audioTagHeader, needed: 1, available: 0)),
      ([0xAF], .truncated(.audioTagHeader, needed: 2, available: 1)),
      ([0xAF, 2], .unknownAACPacketType(2)),
      ([0x9F], .unknownSoundFormat(9)), ([0xCF], .unknownSoundFormat(12)), ([0xDF], .unknownSoundFormat(13)),
    ] as [([UInt8], FLVError)])
  func brokenHeaderIsRefusedAndTakesNothing(bytes: [UInt8], error: FLVError) {
    var buffer = ByteBuffer(bytes: bytes)
    #expect(throws: error) { try AudioTagHeader.read(from: &buffer) }
    #expect(buffer.readableBytes == bytes.count)
  }
}
