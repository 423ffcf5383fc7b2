import NIOCore
import RTMP
import Testing

@testable import Replay

/// Recordings are read by the reader that reads everybody's, and their checksums checked by sums of our own.
@Suite struct RecordingTests {
  private static let client = CapturedEndpoint(address: "192.0.2.7", port: 51_000)
  private static let server = CapturedEndpoint(address: "198.51.100.1", port: 1935)

  private func file(_ blocks: [ByteBuffer]) -> ByteBuffer {
    var file = PcapNGWriter.header(application: "test", comment: "a comment")
    for block in blocks { file.writeImmutableBuffer(block) }
    return file
  }

  private func packets(_ file: ByteBuffer) throws -> [CapturedPacket] {
    var reader = PcapNGReader(CaptureWindow(CaptureStore(file)))
    var packets: [CapturedPacket] = []
    while let packet = try reader.next() { packets.append(packet) }
    return packets
  }

  private func record(
    _ client: CapturedEndpoint = client, _ server: CapturedEndpoint = server, split: Int = 10_000
  ) throws -> [ByteBuffer] {
    var recording = try #require(ConnectionRecording(client: client, server: server, number: 0xFFFF_FFF0))
    var blocks = recording.opened(at: 1_000_000_000)
    var time: UInt64 = 2_000_000_000
    for start in stride(from: 0, to: Conversation.client.count, by: split) {
      let piece = Conversation.client[start..<min(start + split, Conversation.client.count)]
      blocks += recording.said(ByteBuffer(bytes: piece), by: .client, at: time)
      time += 1_500
    }
    blocks += recording.said(ByteBuffer(bytes: Conversation.server), by: .server, at: time)
    blocks += recording.finished(.client, at: time)
    blocks += recording.finished(.server, at: time)
    blocks += recording.reset(by: .server, at: time)
    return blocks
  }

  @Test(arguments: ["192.0.2.7", "2001:db8::7"], ["198.51.100.1", "2001:db8::1"])
  func aRecordingIsReadAsWhatWasSaid(from: String, to: String) throws {
    let blocks = try record(.init(address: from, port: 51_000), .init(address: to, port: 1935), split: 500)
    let contents = try CaptureContents(reading: file(blocks))
    let session = try #require(contents.sessions.first)
    #expect(contents.notices.isEmpty)
    #expect(session.segments.flatMap { $0.bytes.readableBytesView } == Conversation.client)
    #expect(session.serverSegments.flatMap { $0.bytes.readableBytesView } == Conversation.server)
    let isMixed = from.contains(":") != to.contains(":")
    #expect(session.client?.port == 51_000 && (isMixed || session.client?.address == from))
    #expect(session.server?.port == 1935 && (isMixed || session.server?.address == to))
    // Nanoseconds become the microseconds they lie in.
    #expect(session.begin == 2_000_000 && session.segments.prefix(4).map(\.time) == [0, 1, 3, 4])
  }

  /// RFC 1071, by adding up 16-bit words: a right sum comes to zero.
  private func sum(_ bytes: some Collection<UInt8>) -> UInt16 {
    let words = Array(bytes) + (bytes.count % 2 == 1 ? [0] : [])
    var sum = stride(from: 0, to: words.count, by: 2).reduce(0) { $0 + Int(words[$1]) << 8 + Int(words[$1 + 1]) }
    while sum >> 16 > 0 { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }

  @Test(arguments: [false, true], [499, 500])
  func everyChecksumIsRight(isIPv6: Bool, split: Int) throws {
    let ends = isIPv6 ? ("2001:db8::7", "2001:db8::1") : ("192.0.2.7", "198.51.100.1")
    let blocks = try record(.init(address: ends.0, port: 51_000), .init(address: ends.1, port: 1935), split: split)
    for packet in try packets(file(blocks)) {
      let bytes = Array(packet.bytes.readableBytesView)
      let header = isIPv6 ? 40 : 20
      let segment = bytes[header...]
      let addresses = isIPv6 ? bytes[8..<40] : bytes[12..<20]
      let pseudo = Array(addresses) + [0, 6, UInt8(segment.count >> 8), UInt8(segment.count & 0xFF)]
      #expect(sum(pseudo + segment) == 0, "packet \(packet.number)")
      if !isIPv6 { #expect(sum(bytes[..<20]) == 0, "packet \(packet.number)") }
    }
  }

  @Test func sequenceNumbersFollowEachOtherAndAcknowledgeWhatCame() throws {
    let packets = try packets(file(try record())).map { Array($0.bytes.readableBytesView) }
    func word(_ packet: [UInt8], _ at: Int) -> UInt32 { packet[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    var next: [UInt8: UInt32] = [:]
    for packet in packets {
      let (source, flags) = (packet[12], packet[33])
      let length = UInt32(packet.count - 20 - Int(packet[32] >> 4) * 4)
      if let known = next[source] { #expect(word(packet, 24) == known) }
      if flags & 0x10 != 0 { #expect(word(packet, 28) == next[packet[16]]) }
      next[source] = word(packet, 24) &+ length &+ (flags & 0x03 != 0 ? 1 : 0)
    }
    // SYN, SYN and ACK, ACK; data both ways; two ends with their acknowledgements, and no reset behind them.
    #expect(packets.map { $0[33] } == [0x02, 0x12, 0x10, 0x18, 0x18, 0x11, 0x10, 0x11, 0x10])
  }

  @Test func aRefusedClientAndABrokenConnectionLookLikeIt() throws {
    var refused = try #require(ConnectionRecording(client: Self.client, server: Self.server, number: 1))
    #expect(
      try packets(file(refused.refused(at: 1))).map { $0.bytes.getInteger(at: 33, as: UInt8.self) } == [0x02, 0x14])
    var broken = try #require(ConnectionRecording(client: Self.client, server: Self.server, number: 1))
    let blocks =
      broken.opened(at: 1) + broken.reset(by: .client, at: 2) + broken.reset(by: .server, at: 3)
      + broken.said(ByteBuffer(bytes: [1]), by: .client, at: 4) + broken.finished(.client, at: 5)
    #expect(try packets(file(blocks)).map { $0.bytes.getInteger(at: 33, as: UInt8.self) } == [0x02, 0x12, 0x10, 0x14])
  }

  @Test func whatDidNotGetIntoTheFileIsTold() throws {
    var blocks = try record(split: 1000)
    blocks.remove(at: 4)
    blocks.insert(PcapNGWriter.mark(dropped: 1, comment: "1 packet before this is missing.", at: 5), at: 4)
    blocks.append(PcapNGWriter.mark(dropped: 1, comment: "The end of the recording.", at: 6))
    let notices = try CaptureContents(reading: file(blocks)).notices
    #expect(notices.contains { $0.cause == .dropped(packets: 1) && $0.packet == 4 && $0.offset > 0 })
    #expect(
      notices.contains { if case .unplayable(.missingBytes(packet: 5, count: 1000)) = $0.cause { true } else { false } }
    )
    #expect(notices.count == 2)
  }

  @Test func everyCutBetweenBlocksIsAFile() throws {
    let blocks = try record(split: 700)
    for count in 0...blocks.count {
      let packets = try packets(file(Array(blocks.prefix(count))))
      #expect(packets.count == count)
    }
  }
}
