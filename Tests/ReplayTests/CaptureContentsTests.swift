import NIOCore
import Testing

@testable import Replay

@Suite struct CaptureContentsTests {
  private let client = Talker()

  private func bytes(_ session: RecordedSession) -> [UInt8] { session.segments.flatMap { $0.bytes.readableBytesView } }

  /// A whole short session, from SYN on.
  private func write(_ talker: Talker, into file: inout CaptureWriter, from time: Int64) {
    file.packet(talker.says([], sequence: 9, flags: Talker.synchronize), at: time)
    file.packet(talker.answering.says([], sequence: 99, flags: Talker.synchronize), at: time + 1)
    file.packet(talker.says(Conversation.client, sequence: 10), at: time + 2)
    file.packet(talker.answering.says(Conversation.server, sequence: 100), at: time + 3)
  }

  @Test func bothDirectionsAreKept() throws {
    var file = CaptureWriter()
    write(client, into: &file, from: 10)
    let contents = try CaptureContents(reading: file.bytes)
    let session = try #require(contents.sessions.first)
    #expect(bytes(session) == Conversation.client)
    #expect(session.serverSegments.flatMap { $0.bytes.readableBytesView } == Conversation.server)
    #expect(session.serverSegments.map(\.time) == [1])
    #expect(session.serverSegments.map(\.packet) == [4])
    #expect(contents.notices.isEmpty)
  }

  @Test func damageInTheMiddleCostsWhatFollowsAndIsTold() throws {
    var file = CaptureWriter()
    write(client, into: &file, from: 10)
    let whole = file.bytes.readableBytes
    write(Talker(fromPort: 40_001), into: &file, from: 20)
    let cut = try #require(file.bytes.getSlice(at: 0, length: whole + 3))
    let contents = try CaptureContents(reading: cut)
    #expect(contents.sessions.map(bytes) == [Conversation.client])
    #expect(
      contents.notices == [.init(packet: 4, cause: .damaged(.notACapture(offset: whole, "half a block")))])
  }

  @Test func damageInOneSessionCostsThatSession() throws {
    var file = CaptureWriter()
    let broken = Talker(fromPort: 40_001)
    file.packet(broken.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    file.packet(broken.says(Conversation.client.prefix(100), sequence: 10), at: 2)
    file.packet(broken.says(Conversation.client[101...], sequence: 111), at: 3)
    write(client, into: &file, from: 10)
    let contents = try CaptureContents(reading: file.bytes)
    #expect(contents.sessions.count == 1)
    #expect(contents.notices == [.init(packet: 1, cause: .unplayable(.missingBytes(packet: 3, count: 1)))])
  }

  @Test func aPacketThatWasNotCapturedWholeIsNamed() throws {
    var file = CaptureWriter()
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    let packet = client.says(Conversation.client, sequence: 10)
    file.packet(Array(packet.dropLast(10)), at: 2, cut: 10)
    let contents = try CaptureContents(reading: file.bytes)
    #expect(contents.sessions.isEmpty)
    #expect(contents.notices == [.init(packet: 1, cause: .unplayable(.cutPacket(packet: 2)))])
  }

  @Test func aConnectionWithoutItsBeginAndAnUnknownLinkAreNamed() throws {
    var file = CaptureWriter()
    file.packet(client.says([1, 2, 3], sequence: 500), at: 1)
    file.block(1, ByteBuffer(bytes: [127, 0, 0, 0, 0, 0, 0, 0]))
    file.packet([1], at: 2, interface: 1)
    file.packet([1], at: 3, interface: 1)
    let contents = try CaptureContents(reading: file.bytes)
    #expect(
      contents.notices == [
        .init(packet: 1, cause: .beginMissing), .init(packet: 2, cause: .unreadLink(127, packets: 2)),
      ])
  }

  @Test func aFileThatIsNoCaptureIsRefused() {
    #expect(throws: ReplayError.notACapture(offset: 0, "no section header")) {
      _ = try CaptureContents(reading: ByteBuffer(string: "neither of the two"))
    }
  }

  @Test func segmentationLeftToTheNetworkCardAndExtensionHeadersAreRead() throws {
    var unsized = client.says(Conversation.client, sequence: 10)
    (unsized[2], unsized[3]) = (0, 0)
    let six = Talker(network: .ipv6).says(Conversation.client, sequence: 10)
    var extended = six
    // Hop-by-hop options of 8 bytes, then destination options of 16, then TCP.
    extended[6] = 0
    extended.insert(contentsOf: [60, 0, 1, 4, 0, 0, 0, 0] + [6, 1] + [UInt8](repeating: 0, count: 14), at: 40)
    let length = UInt16(extended.count - 40)
    (extended[4], extended[5]) = (UInt8(length >> 8), UInt8(length & 0xFF))
    var unstated = six
    (unstated[4], unstated[5]) = (0, 0)
    for packet in [unsized, extended, unstated] {
      var file = CaptureWriter()
      file.packet(packet, at: 1)
      #expect(try RecordedSession.read(capture: file.bytes).map(bytes) == [Conversation.client])
    }
  }
}
