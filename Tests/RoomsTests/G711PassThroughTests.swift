import Media
import NIOCore
import RTP
import Testing

@testable import Rooms

@Suite struct G711PassThroughTests {
  private var passThrough = G711PassThrough(.mu)

  private mutating func send(_ count: Int, at milliseconds: Int64) -> [PacketizedFrame] {
    var packets: [PacketizedFrame] = []
    let data = ByteBuffer(repeating: 0xFF, count: count)
    passThrough.packetize(EncodedFrame(time: milliseconds * 1_000, isKeyFrame: true, data: data)) { packets.append($0) }
    return packets
  }

  @Test mutating func timeRunsBySamplesThroughJitteredStamps() {
    var ends: Int64 = 8_000
    for (index, jitter) in [0, 3, -2, 15, -20, 0, 39, 1].enumerated() {
      let packets = send(160, at: 1_000 + Int64(index) * 20 + Int64(jitter))
      #expect(packets.map(\.mediaTime) == [ends])
      #expect(packets.map { $0.marker(0) } == [index == 0])
      ends += 160
    }
  }

  @Test mutating func aPauseMovesTheTimeOnAndIsMarked() {
    #expect(send(160, at: 0).map(\.mediaTime) == [0])
    let after = send(160, at: 1_020)
    #expect(after.map(\.mediaTime) == [8_160])
    #expect(after[0].marker(0))
    // A clock that was set back is followed.
    #expect(send(160, at: 500).map(\.mediaTime) == [4_000])
  }

  @Test mutating func longMessagesBecomeSeveralPackets() {
    #expect(send(480, at: 0).map { $0.payloadSize(0) } == [480])
    let packets = send(1_024, at: 60)
    #expect(packets.map { $0.payloadSize(0) } == [160, 160, 160, 160, 160, 160, 64])
    #expect(packets.map(\.mediaTime) == (0..<7).map { 480 + $0 * 160 })
    #expect(packets.allSatisfy { $0.codec == .pcmu && !$0.marker(0) })
  }

  @Test mutating func nothingComesOfNothing() {
    #expect(send(0, at: 0).isEmpty)
  }
}
