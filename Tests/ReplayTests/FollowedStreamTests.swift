import NIOCore
import Testing

@testable import Replay

@Suite struct FollowedStreamTests {
  /// Two connections as tshark 4.0 writes them: peers without names, base64 over lines.
  private static let output = """
    peers:
      - peer: 0
        host: 127.0.0.1
        port: 8443
      - peer: 1
        host: 
        port: 0
    packets:
      - packet: 10
        peer: 1
        timestamp: 1795666453.361296892
        data: !!binary |
          AwEC
          AwQF
      - packet: 11
        peer: 0
        timestamp: 1795666453.361999999
        data: !!binary |
          Aw==
      - packet: 14
        peer: 1
        timestamp: 1795666454.000001
        data: !!binary |
          Bg==
    peers:
      - peer: 0
    packets:
    """

  @Test func recordsComeInOrderWithTheirPacketsAndTimes() throws {
    let streams = FollowedStream.all(in: Self.output)
    #expect(streams.map(\.packets) == [[10, 11, 14], []])
    let part = TCPStream.Part(packet: 14, time: 1, bytes: ByteBuffer(bytes: [0x16, 3, 3]), offset: 1234)
    let sealed = CapturedConversation(
      first: TCPStream(parts: [part]), second: TCPStream(), firstEnd: .init(address: "192.0.2.1", port: 5),
      secondEnd: .init(address: "192.0.2.2", port: 443), packet: 4, offset: 99)
    let opened = try #require(streams[0].conversation(in: sealed))
    #expect(opened.first.parts.map { Array($0.bytes.readableBytesView) } == [[3, 1, 2, 3, 4, 5], [6]])
    #expect(opened.second.parts.map { Array($0.bytes.readableBytesView) } == [[3]])
    #expect(opened.first.parts.map(\.time) == [1_795_666_453_361_296, 1_795_666_454_000_001])
    #expect(opened.first.parts.map(\.offset) == [99, 1234])
    #expect(opened.transport == .rtmps && opened.packet == 4 && opened.firstEnd?.port == 5)
    #expect(streams[1].conversation(in: sealed) == nil)
  }

  @Test func everyCutOfTheOutputIsReadWithoutATrap() {
    for length in 0...Self.output.count {
      for stream in FollowedStream.all(in: String(Self.output.prefix(length))) { _ = stream.packets }
    }
  }
}
