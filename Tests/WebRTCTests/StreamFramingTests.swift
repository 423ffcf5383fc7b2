import NIOCore
import Testing

@testable import WebRTC

@Suite struct StreamFramingTests {
  private func datagrams(_ parts: [ByteBuffer], limit: Int = 4096) throws -> [[UInt8]] {
    var reader = StreamFrameReader(limit: limit)
    var found: [[UInt8]] = []
    for part in parts {
      reader.receive(part)
      while let datagram = try reader.next() { found.append(Array(datagram.readableBytesView)) }
    }
    return found
  }

  @Test func datagramsAreFoundHoweverTheStreamIsCut() throws {
    let stream = ByteBuffer(bytes: [0, 3, 1, 2, 3, 0, 0, 0, 1, 9, 1, 0] + Array(repeating: 7, count: 256))
    let expected: [[UInt8]] = [[1, 2, 3], [9], Array(repeating: 7, count: 256)]
    for cut in 0...stream.readableBytes {
      var rest = stream
      let head = try #require(read(cut, of: &rest))
      #expect(try datagrams([head, rest]) == expected)
    }
    #expect(try datagrams(stream.readableBytesView.map { ByteBuffer(bytes: [$0]) }) == expected)
  }

  private func read(_ length: Int, of buffer: inout ByteBuffer) -> ByteBuffer? { buffer.readSlice(length: length) }

  @Test func aFrameAsLongAsTheLimitPassesAndALongerOneEndsTheStream() throws {
    #expect(try datagrams([ByteBuffer(bytes: [0, 2, 1, 2])], limit: 2) == [[1, 2]])
    #expect(throws: WebRTCError.streamFrameTooLong(bytes: 3, limit: 2)) {
      try datagrams([ByteBuffer(bytes: [0, 3])], limit: 2)
    }
  }
}
