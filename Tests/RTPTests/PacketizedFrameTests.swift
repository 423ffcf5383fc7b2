import NIOCore
import Testing

@testable import RTP

@Suite struct PacketizedFrameTests {
  @Test func payloadsLieInOrderAndOneCarriesTheMarker() throws {
    let frame = try PacketizedFrame(
      codec: .h264, mediaTime: -5, isKeyFrame: true, markedPacket: 2,
      payloads: [ByteBuffer([1]), ByteBuffer(), .shifted([2, 3])])
    #expect(frame.payloads == [[1], [], [2, 3]])
    #expect((0..<3).map(frame.payloadSize) == [1, 0, 2])
    #expect((0..<3).map(frame.marker) == [false, false, true])
    #expect(frame.byteCount == 3)
    #expect(frame.mediaTime == -5)
  }

  @Test func packetsAndBytesAreLimited() throws {
    func frame(_ payloads: [ByteBuffer]) throws(RTPError) -> PacketizedFrame {
      try PacketizedFrame(codec: .vp8, mediaTime: 0, isKeyFrame: false, markedPacket: nil, payloads: payloads)
    }
    let limit = PacketizedFrame.maximumPackets
    #expect(throws: RTPError.emptyFrame) { try frame([]) }
    #expect(try frame(Array(repeating: ByteBuffer([1]), count: limit)).count == limit)
    #expect(throws: RTPError.tooManyPackets(count: limit + 1, limit: limit)) {
      try frame(Array(repeating: ByteBuffer([1]), count: limit + 1))
    }
    let half = ByteBuffer(repeating: 1, count: FrameSize.maximum / 2)
    #expect(try frame([half, half]).byteCount == FrameSize.maximum)
    #expect(throws: RTPError.frameTooLarge(size: FrameSize.maximum + 1, limit: FrameSize.maximum)) {
      try frame([half, half, ByteBuffer([1])])
    }
  }

  @Test func aFrameIsReadFromManyThreadsAtOnce() async throws {
    let payloads = (0..<50).map { ByteBuffer(repeating: UInt8($0), count: $0 + 1) }
    let frame = try PacketizedFrame(
      codec: .vp8, mediaTime: 0, isKeyFrame: true, markedPacket: 49, payloads: payloads)
    let sums = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<frame.count).reduce(0) { sum, index in
            sum + frame.withUnsafePayload(index) { $0.reduce(0) { $0 + Int($1) } }
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums == Array(repeating: (0..<50).reduce(0) { $0 + $1 * ($1 + 1) }, count: 8))
  }
}

@Suite struct EvenSplitTests {
  @Test func piecesAreEqualExceptTheLastAndAsFewAsCanBe() {
    for maximum in 1...40 {
      for size in 1...400 {
        let split = EvenSplit(size: size, maximum: maximum)
        let pieces = (0..<split.count).map { split.range($0).count }
        #expect(pieces.count == (size + maximum - 1) / maximum)
        #expect(pieces.reduce(0, +) == size)
        #expect(pieces.dropLast().allSatisfy { $0 == pieces[0] })
        #expect((1...pieces[0]).contains(pieces[pieces.count - 1]))
        #expect(pieces[0] <= maximum)
      }
    }
  }
}
