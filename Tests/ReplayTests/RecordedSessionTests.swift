import NIOCore
import Testing

@testable import Replay
import Seeded

@Suite struct RecordedSessionTests {
  private let client = Talker()

  /// A whole connection, the client's bytes in pieces of `split`, one each millisecond.
  private func capture(_ talker: Talker, split: Int = 1460, first: UInt32 = 0xFFFF_FF00) -> CaptureWriter {
    var file = CaptureWriter()
    file.packet(talker.says([], sequence: first, flags: Talker.synchronize), at: 1_000)
    file.packet(talker.answering.says([], sequence: 70, flags: Talker.synchronize), at: 1_100)
    var time: Int64 = 2_000
    for start in stride(from: 0, to: Conversation.client.count, by: split) {
      let piece = Conversation.client[start..<min(start + split, Conversation.client.count)]
      file.packet(talker.says(piece, sequence: first &+ 1 &+ UInt32(start)), at: time)
      time += 1_000
      if start == 0 { file.packet(talker.answering.says(Conversation.server, sequence: 71), at: time - 500) }
    }
    file.packet(talker.says([], sequence: first &+ 1, flags: Talker.finish), at: time)
    return file
  }

  private func bytes(_ session: RecordedSession) -> [UInt8] { session.segments.flatMap { $0.bytes.readableBytesView } }

  @Test(arguments: [Talker.Network.ipv4, .ipv4WithOptions, .ipv6])
  func aSessionIsWhatTheClientSaid(network: Talker.Network) throws {
    let session = try #require(try RecordedSession.read(capture: capture(Talker(network: network)).bytes).first)
    #expect(bytes(session) == Conversation.client)
    #expect(session.byteCount == Conversation.client.count)
    #expect(session.segments.map(\.time) == [0, 1_000, 2_000])
    #expect(session.duration == 2_000)
    // What came later than S2 is not of interest.
    #expect(Array(session.serverHello.readableBytesView) == Array(Conversation.server.prefix(3073)))
  }

  @Test func everySplitGivesTheSameBytes() throws {
    for split in Array(1...8) + stride(from: 9, to: 3_200, by: 37) {
      let sessions = try RecordedSession.read(capture: capture(client, split: split).bytes)
      #expect(sessions.map(bytes) == [Conversation.client], "in pieces of \(split)")
    }
  }

  /// Reads the client's bytes from these pieces, in this order.
  private func read(_ pieces: [Range<Int>]) throws(ReplayError) -> [RecordedSession] {
    var file = CaptureWriter()
    for (index, piece) in pieces.enumerated() {
      file.packet(client.says(Conversation.client[piece], sequence: UInt32(piece.lowerBound)), at: Int64(index))
    }
    return try RecordedSession.read(capture: file.bytes)
  }

  @Test func bytesThatComeAgainAreTakenOnce() throws {
    let end = Conversation.client.count
    for pieces in [
      [0..<100, 0..<100, 100..<end],
      [0..<100, 50..<200, 200..<end, 0..<end],
      [0..<100, 99..<100, 100..<end, 100..<101],
    ] {
      #expect(try read(pieces).map(bytes) == [Conversation.client])
    }
  }

  @Test func bytesThatComeEarlyWaitForThoseBeforeThem() throws {
    let end = Conversation.client.count
    let session = try #require(try read([0..<100, 300..<end, 200..<300, 150..<250, 100..<150]).first)
    #expect(bytes(session) == Conversation.client)
    // They are due when the gap closes.
    #expect(session.segments.map(\.time) == [0, 4, 4, 4, 4])
  }

  @Test func aGapThatStaysIsAnErrorThatSaysWhere() {
    let end = Conversation.client.count
    #expect(throws: ReplayError.missingBytes(packet: 2, count: 1)) { try read([0..<100, 101..<end]) }
    #expect(throws: ReplayError.missingBytes(packet: 3, count: 50)) {
      try read([0..<100, 200..<end, 150..<160, 100..<100])
    }
  }

  @Test func aGapInWhatTheServerSaidLaterDoesNotMatter() throws {
    var file = capture(client)
    file.packet(client.answering.says([1], sequence: 99_999), at: 9_000)
    #expect(try RecordedSession.read(capture: file.bytes).map(bytes) == [Conversation.client])
  }

  @Test func severalClientsAreToldApartAlsoOnTheSamePorts() throws {
    var both = capture(client).bytes
    for talker in [Talker(fromPort: 40_001), Talker(from: 3)] {
      both.writeImmutableBuffer(capture(talker).bytes)
    }
    // The first one's ports again, with another first number.
    both.writeImmutableBuffer(capture(client, first: 5).bytes)
    #expect(try RecordedSession.read(capture: both).map(bytes) == [[UInt8]](repeating: Conversation.client, count: 4))
  }

  @Test func aSynchronizeThatComesTwiceBeginsNothingNew() throws {
    var file = CaptureWriter()
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 0)
    file.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    file.packet(client.says(Conversation.client, sequence: 10), at: 2)
    #expect(try RecordedSession.read(capture: file.bytes).map(bytes) == [Conversation.client])
  }

  @Test func whoDoesNotBeginLikeAnRTMPClientIsNone() {
    var file = CaptureWriter()
    // A server that speaks first, HTTP, a client that gave up before the end of the handshake, and no TCP at all.
    file.packet(client.answering.says([8], sequence: 0), at: 0)
    file.packet(client.says(Conversation.client, sequence: 0), at: 1)
    file.packet(Talker(fromPort: 2).says(Array("GET / HTTP/1.1\r\n".utf8), sequence: 0), at: 2)
    file.packet(Talker(fromPort: 3).says(Conversation.client.prefix(3072), sequence: 0), at: 3)
    var datagram = Talker(fromPort: 4).says(Conversation.client, sequence: 0)
    datagram[9] = 17
    file.packet(datagram, at: 4)
    var fragment = Talker(fromPort: 5).says(Conversation.client, sequence: 0)
    fragment[6] = 0x20
    file.packet(fragment, at: 5)
    #expect(throws: ReplayError.noSession) { try RecordedSession.read(capture: file.bytes) }
  }

  @Test func theShortestSessionIsAHandshake() throws {
    #expect(try read([0..<3073]).count == 1)
    #expect(throws: ReplayError.noSession) { try read([0..<3072]) }
  }

  @Test func paddingBehindAPacketIsNotTheClients() throws {
    var file = CaptureWriter()
    file.packet(client.says(Conversation.client, sequence: 0) + [0, 0, 0, 0, 0, 0], at: 0)
    #expect(try RecordedSession.read(capture: file.bytes).map(bytes) == [Conversation.client])
  }

  @Test func aClockThatIsSetBackDoesNotRunBackwardsAndOneThatJumpsADayIsDamage() throws {
    func session(_ second: Int64) throws(ReplayError) -> RecordedSession? {
      var file = CaptureWriter()
      file.packet(client.says(Conversation.client.prefix(100), sequence: 0), at: 10)
      file.packet(client.says(Conversation.client[100...], sequence: 100), at: second)
      return try RecordedSession.read(capture: file.bytes).first
    }
    let day: Int64 = 86_400_000_000
    #expect(try session(5)?.segments.map(\.time) == [0, 0])
    #expect(try session(10 + day)?.duration == day)
    #expect(throws: ReplayError.impossibleDuration(microseconds: day + 1)) { try session(11 + day) }
  }

  @Test(.timeLimit(.minutes(5))) func tenThousandDamagedCapturesNeitherTrapNorHang() throws {
    let original = Array(capture(client, split: 700).bytes.readableBytesView)
    var outcomes = (read: 0, refused: 0)
    for seed in 0..<10_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var file = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Half of it where the headers are; payload does not matter to the reader.
        let place = Int.random(in: 0..<(Bool.random(using: &random) ? 400 : file.count), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: file[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 2: file.replaceSubrange(place..<min(place + 8, file.count), with: [UInt8](repeating: 0xFF, count: 8))
        case 3: file.remove(at: place)
        default: file.removeLast(max(0, file.count - max(500, place)))
        }
      }
      do throws(ReplayError) {
        for session in try RecordedSession.read(capture: ByteBuffer(bytes: file)) { playToTheEnd(session) }
        outcomes.read += 1
      } catch {
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    // Damage that is never noticed, or always, would mean that this test does not reach the reader.
    #expect(outcomes.read > 500 && outcomes.refused > 500)
  }

  private func playToTheEnd(_ session: RecordedSession) {
    var script = ReplayScript(session)
    script.begin(at: .now())
    script.receive(ByteBuffer(repeating: 0, count: 3073))
    var count = 0
    while let due = script.deadline {
      count += script.output(at: due)?.readableBytes ?? 0
      script.receive(ByteBuffer(repeating: 0, count: 3073))
    }
    #expect(script.isDone)
    #expect(count == session.byteCount)
  }
}
