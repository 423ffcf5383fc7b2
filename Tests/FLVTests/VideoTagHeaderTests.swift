import FLV
import NIOCore
import Testing
import Seeded

@Suite struct VideoTagHeaderTests {
  @Test(
    arguments: [
      (0x11, .keyFrame, .jpeg), (0x22, .interFrame, .sorensonH263), (0x32, .disposableInterFrame, .sorensonH263),
      (0x13, .keyFrame, .screenVideo), (0x14, .keyFrame, .vp6), (0x25, .interFrame, .vp6Alpha),
      (0x46, .generatedKeyFrame, .screenVideo2), (0x18, .keyFrame, .h263), (0x19, .keyFrame, .mpeg4Part2),
      (0x52, .infoOrCommand, .sorensonH263), (0x57, .infoOrCommand, .avc),
    ] as [(UInt8, VideoFrameType, VideoCodecID)])
  func frameTypeAndCodecAreInTheFirstByte(byte: UInt8, type: VideoFrameType, codec: VideoCodecID) throws {
    var bytes = ByteBuffer(bytes: [byte, 0xAA])
    let header = try VideoTagHeader.read(from: &bytes)
    #expect(header == VideoTagHeader(frameType: type, codec: codec))
    #expect(bytes == ByteBuffer(bytes: [0xAA]))
    #expect(header.isKeyFrame == [.keyFrame, .generatedKeyFrame].contains(type))
  }

  @Test(
    arguments: [
      ("17 00 000000", .keyFrame, .sequenceHeader, 0), ("27 01 000050", .interFrame, .nalUnits, 80),
      ("27 01 ffffd8", .interFrame, .nalUnits, -40), ("27 01 7fffff", .interFrame, .nalUnits, 8_388_607),
      ("27 01 800000", .interFrame, .nalUnits, -8_388_608), ("17 02 000000", .keyFrame, .endOfSequence, 0),
    ] as [(String, VideoFrameType, AVCPacketType, Int32)])
  func avcHasAPacketTypeAndASignedCompositionTime(
    hex: String, type: VideoFrameType, packet: AVCPacketType, time: Int32
  ) throws {
    let header = VideoTagHeader(frameType: type, codec: .avc, avcPacketType: packet, compositionTime: time)
    var bytes = ByteBuffer(hex: hex)
    #expect(try VideoTagHeader.read(from: &bytes) == header)
    #expect(bytes.readableBytes == 0)
    header.write(into: &bytes)
    #expect(bytes.hex == ByteBuffer(hex: hex).hex)
  }

  @Test func everyHeaderIsWrittenAsItWasRead() throws {
    var known = 0
    for first in UInt8.min ... .max {
      let whole = ByteBuffer(bytes: [first, 1, 0, 0, 40])
      var bytes = whole
      guard let header = try? VideoTagHeader.read(from: &bytes) else { continue }
      known += 1
      var written = ByteBuffer()
      header.write(into: &written)
      written.writeBuffer(&bytes)
      #expect(written == whole)
    }
    #expect(known == 5 * 9)
  }

  @Test(
    arguments: [
      ("", .truncated(.videoTagHeader, needed: 1, available: 0)),
      ("17", .truncated(.videoTagHeader, needed: 5, available: 1)),
      ("17 01 0000", .truncated(.videoTagHeader, needed: 5, available: 4)),
      ("17 03 000000", .unknownAVCPacketType(3)), ("12", nil), ("02", .unknownFrameType(0)),
      ("62", .unknownFrameType(6)),
      ("10", .unknownVideoCodec(0)), ("1a", .unknownVideoCodec(10)),
      ("90 68766331", .enhancedVideoHeader(firstByte: 0x90)),
    ] as [(String, FLVError?)])
  func brokenHeaderIsRefusedAndTakesNothing(hex: String, error: FLVError?) throws {
    let whole = ByteBuffer(hex: hex)
    var buffer = whole
    guard let error else {
      _ = try VideoTagHeader.read(from: &buffer)
      return
    }
    #expect(throws: error) { try VideoTagHeader.read(from: &buffer) }
    #expect(buffer == whole)
  }
}
