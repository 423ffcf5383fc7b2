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
      contents.notices == [
        .init(
          packet: 4, offset: file.offset(ofPacket: 4), cause: .damaged(.notACapture(offset: whole, "half a block")))
      ])
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
    #expect(
      contents.notices == [
        .init(
          packet: 1, offset: file.offset(ofPacket: 1), cause: .unplayable(.missingBytes(packet: 3, count: 1)))
      ])
  }

  @Test func aPacketThatWasNotCapturedWholeIsNamed() throws {
    var file = CaptureWriter()
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    let packet = client.says(Conversation.client, sequence: 10)
    file.packet(Array(packet.dropLast(10)), at: 2, cut: 10)
    let contents = try CaptureContents(reading: file.bytes)
    #expect(contents.sessions.isEmpty)
    #expect(
      contents.notices == [
        .init(packet: 1, offset: file.offset(ofPacket: 1), cause: .unplayable(.cutPacket(packet: 2)))
      ])
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
        .init(packet: 1, offset: file.offset(ofPacket: 1), cause: .beginMissing),
        .init(packet: 2, offset: file.offset(ofPacket: 2), cause: .unreadLink(127, packets: 2)),
      ])
  }

  @Test func whatSpeaksSomethingElseIsCountedAndTLSAsksForItsKeys() throws {
    var file = CaptureWriter()
    for (index, first) in [[0x16, 3, 1, 0, 5] as [UInt8], [0x53, 0x53, 0x48], [1, 2, 3], [0x16, 3, 3, 0, 1]]
      .enumerated()
    {
      let talker = Talker(fromPort: 50_000 + UInt16(index), toPort: 443)
      file.packet(talker.says([], sequence: 9, flags: Talker.synchronize), at: 1)
      file.packet(talker.says(first, sequence: 10), at: 2)
    }
    let contents = try CaptureContents(reading: file.bytes)
    #expect(
      contents.notices == [
        .init(packet: 1, offset: file.offset(ofPacket: 1), cause: .tls(connections: 2)),
        .init(packet: 3, offset: file.offset(ofPacket: 3), cause: .foreign(connections: 2)),
      ])
    #expect(contents.sealed.map(\.packet) == [1, 7] && contents.sealed.map(\.secondEnd?.port) == [443, 443])
  }

  @Test func aClientThatLeavesInItsHandshakeIsTold() throws {
    var file = CaptureWriter()
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    file.packet(client.says(Conversation.client.prefix(1537), sequence: 10), at: 2)
    #expect(try CaptureContents(reading: file.bytes).notices.map(\.cause) == [.handshakeUnfinished])
  }

  @Test func packetsWithoutATimeFragmentsAndSecretsAreRemarked() throws {
    var file = CaptureWriter()
    write(client, into: &file, from: 10)
    file.block(3, ByteBuffer(bytes: [4, 0, 0, 0, 1, 2, 3, 4]))
    var fragment = Talker(fromPort: 1).says([1, 2, 3], sequence: 1)
    fragment[6] = 0x20
    file.packet(fragment, at: 20)
    file.block(10, ByteBuffer(bytes: [0x4B, 0x53, 0x4C, 0x54, 0, 0, 0, 0]))
    let contents = try CaptureContents(reading: file.bytes)
    #expect(contents.sessions.count == 1 && contents.hasTLSSecrets)
    #expect(contents.notices.map(\.cause) == [.timeless(packets: 1), .fragments(packets: 1)])
    #expect(contents.notices.map(\.packet) == [5, 6])
  }

  @Test func anAnswerWithAGapIsNamedAndTheClientKept() throws {
    var file = CaptureWriter()
    write(client, into: &file, from: 10)
    file.packet(client.answering.says([7], sequence: 100 + UInt32(Conversation.server.count) + 4), at: 20)
    let contents = try CaptureContents(reading: file.bytes)
    #expect(contents.sessions.map(bytes) == [Conversation.client])
    #expect(contents.notices.map(\.cause) == [.answersMissing(packet: 5, count: 4)])
  }

  @Test func anAnswerWithoutItsBeginDoesNotHideTheClient() throws {
    var file = CaptureWriter()
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize, acknowledging: false), at: 1)
    file.packet(client.says(Conversation.client, sequence: 10), at: 2)
    file.packet(client.answering.says([7, 7, 7], sequence: 5000), at: 3)
    #expect(try CaptureContents(reading: file.bytes).sessions.map(bytes) == [Conversation.client])
  }

  @Test func segmentsThatWereCapturedBeforeTheirBeginAreItsOwn() throws {
    var file = CaptureWriter()
    file.packet(client.says(Conversation.client, sequence: 10), at: 1)
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 2)
    file.packet(client.answering.says(Conversation.server, sequence: 100), at: 3)
    file.packet(client.answering.says([], sequence: 99, flags: Talker.synchronize), at: 3)
    let session = try #require(try CaptureContents(reading: file.bytes).sessions.first)
    #expect(bytes(session) == Conversation.client)
    #expect(session.serverSegments.flatMap { $0.bytes.readableBytesView } == Conversation.server)
    #expect(session.client == CapturedEndpoint(address: "192.0.2.1", port: 40_000))
    #expect(session.server.map { "\($0)" } == "192.0.2.2:1935")
  }

  @Test func aThousandPiecesBehindAGapAreTakenOnceItCloses() throws {
    var file = CaptureWriter()
    let long = Conversation.client + (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    for start in stride(from: 100, to: long.count, by: 100).reversed() {
      file.packet(client.says(long[start..<min(start + 100, long.count)], sequence: 10 + UInt32(start)), at: 2)
    }
    file.packet(client.says(long[..<100], sequence: 10), at: 3)
    #expect(try CaptureContents(reading: file.bytes).sessions.map(bytes) == [long])
  }

  @Test func aCompressedCaptureSaysWhatToDo() {
    #expect(throws: ReplayError.notACapture(offset: 0, "it is compressed; unpack it with gunzip first")) {
      _ = try CaptureContents(reading: ByteBuffer(bytes: [0x1F, 0x8B, 8, 0]))
    }
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
