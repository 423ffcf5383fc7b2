import Media
import NIOCore
import RTP
import Testing

@testable import Rooms

@Suite struct GroupOfPicturesTests {
  private func frame(_ time: Int64, key: Bool = false, bytes: Int = 1) -> EncodedFrame {
    EncodedFrame(time: time, isKeyFrame: key, data: ByteBuffer(repeating: 0, count: bytes))
  }

  @Test func nothingIsKeptBeforeTheFirstKeyFrameAndEachKeyFrameBeginsAnew() {
    var group = GroupOfPictures()
    group.append(frame(1), packetized: nil)
    #expect(group.entries.isEmpty)
    group.append(frame(2, key: true), packetized: nil)
    group.append(frame(3), packetized: nil)
    #expect(group.entries.map(\.frame.time) == [2, 3])
    group.append(frame(4, key: true), packetized: nil)
    #expect(group.entries.map(\.frame.time) == [4])
  }

  @Test func asManyFramesAsTheBoundAreKeptAndOneMoreDropsTheGroup() {
    var group = GroupOfPictures(maximumBytes: 1000, maximumFrames: 3)
    for time in 0..<3 { group.append(frame(Int64(time), key: time == 0), packetized: nil) }
    #expect(group.entries.count == 3)
    group.append(frame(3), packetized: nil)
    #expect(group.entries.isEmpty)
    group.append(frame(4), packetized: nil)
    #expect(group.entries.isEmpty, "the rest of the group is of no use without its beginning")
    group.append(frame(5, key: true), packetized: nil)
    #expect(group.entries.count == 1)
  }

  @Test func asManyBytesAsTheBoundAreKeptAndOneMoreDropsTheGroup() {
    var group = GroupOfPictures(maximumBytes: 100, maximumFrames: 10)
    group.append(frame(0, key: true, bytes: 60), packetized: nil)
    group.append(frame(1, bytes: 40), packetized: nil)
    #expect(group.entries.count == 2)
    group.append(frame(2, bytes: 1), packetized: nil)
    #expect(group.entries.isEmpty)
    group.append(frame(3, key: true, bytes: 101), packetized: nil)
    #expect(group.entries.isEmpty)
    group.append(frame(4, key: true, bytes: 100), packetized: nil)
    #expect(group.entries.count == 1)
  }

  @Test func packetsAreMadeOnceAndStopBeforeAHole() throws {
    var group = GroupOfPictures()
    for time in 0..<4 { group.append(frame(Int64(time), key: time == 0), packetized: nil) }
    var made: [Int64] = []
    func packetize(_ frame: EncodedFrame) -> PacketizedFrame? {
      made.append(frame.time)
      if frame.time == 2 { return nil }
      return try? PacketizedFrame(
        codec: .h264, mediaTime: frame.time, isKeyFrame: frame.isKeyFrame, markedPacket: 0, payloads: [frame.data])
    }
    #expect(group.packets(packetize).map(\.mediaTime) == [0, 1])
    #expect(group.packets(packetize).map(\.mediaTime) == [0, 1])
    #expect(made == [0, 1, 2, 2])
  }
}
