import NIOCore
import Testing

@testable import RTMP

@Suite("Chunk writer")
struct ChunkWriterTests {
  @Test(arguments: [1, 127, 128, 129, 4096, 65_536], [0, 1, 127, 128, 129, 256, 257, 5_000])
  func whatIsWrittenIsReadBack(size: Int, length: Int) throws {
    for (id, time) in [(2, 0), (63, 0xFF_FFFE), (64, 0xFF_FFFF), (319, 0x100_0000), (65_599, 0xFFFF_FFFF)] {
      let message = Message(
        type: .audio, streamID: 9, timestamp: UInt32(time), chunkStream: id, body: ByteBuffer(bytes: ramp(length)))
      var reader = ChunkReader(limits: .init())
      try reader.setChunkSize(UInt32(size))
      var bytes = ByteBuffer(bytes: Wire.chunks(message, size: size))
      #expect(try reader.read(&bytes) == message)
      #expect(bytes.readableBytes == 0)
    }
  }

  @Test func theBytesAreThoseOfTheSpecification() {
    let message = Message(
      type: .audio, streamID: 12345, timestamp: 1000, chunkStream: 3, body: ByteBuffer(bytes: ramp(130)))
    #expect(
      Wire.chunks(message)
        == join(
          [0x03, 0x00, 0x03, 0xE8, 0x00, 0x00, 0x82, 0x08, 0x39, 0x30, 0x00, 0x00], ramp(128), [0xC3, 128, 129]))
  }

  @Test func theBytesDependOnNothingWrittenBefore() {
    let message = Message(type: .video, streamID: 1, timestamp: 40, chunkStream: 6, body: ByteBuffer(bytes: ramp(9)))
    let writer = ChunkWriter()
    var twice = ByteBuffer()
    writer.write(message, into: &twice)
    writer.write(message, into: &twice)
    #expect(Array(twice.readableBytesView) == Wire.chunks(message) + Wire.chunks(message))
  }
}
