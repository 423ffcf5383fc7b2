import NIOCore
import Testing

@testable import Replay

@Suite struct ReplayScriptTests {
  private let began = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private struct Sent {
    let time: NIODeadline
    let bytes: ByteBuffer
  }

  /// Plays to a server in virtual time: the clock goes from one deadline to the next.
  private func play(_ session: RecordedSession, to server: inout ObligingServer) throws -> [Sent] {
    var script = ReplayScript(session)
    var sent: [Sent] = []
    script.begin(at: began)
    while let now = script.deadline {
      while let bytes = script.output(at: now) {
        sent.append(Sent(time: now, bytes: bytes))
        try server.receive(bytes, at: now)
        if let answer = server.output() { script.receive(answer) }
      }
    }
    #expect(script.isDone)
    return sent
  }

  private func bytes(_ sent: [Sent]) -> [UInt8] { sent.flatMap { $0.bytes.readableBytesView } }

  @Test(arguments: Fixture.all)
  func aRealClientsRecordingPublishesAndAllItsMediaArrive(fixture: Fixture) throws {
    let session = try fixture.session()
    var server = ObligingServer()
    let sent = try play(session, to: &server)
    #expect(server.published == [fixture.participant])
    #expect(server.ended == [fixture.participant])
    #expect(bytes(sent).count == session.byteCount)
    // Fifteen pictures a second; one Nellymoser message holds at most 93 ms, one of AAC 23 ms.
    let seconds = Int(session.duration / 1_000_000)
    #expect((fixture.hasPictures ? seconds * 15 : 0) <= server.count(.video))
    #expect(server.count(.video) <= (fixture.hasPictures ? (seconds + 1) * 15 + 3 : 0))
    #expect(server.count(.audio) >= (seconds - 1) * 10)
    // The last one's time stamp is that of its recording's end.
    let last = try #require(server.media.last)
    #expect(abs(Int(last.timestamp) - Int(session.duration / 1_000)) < 400)
    for message in server.media where message.kind == .audio { #expect(message.body.readableBytes < 2_000) }
  }

  @Test(arguments: Fixture.all)
  func recordedBytesGoOutAtRecordedTimes(fixture: Fixture) throws {
    let session = try fixture.session()
    var server = ObligingServer()
    let sent = try play(session, to: &server)
    let times = sent.map { ($0.time - began).nanoseconds / 1_000 }
    // Behind the handshake, one by one; what shared a segment with C2 comes first.
    let recorded = session.segments.map(\.time)
    #expect(Array(times.suffix(recorded.count - 3)) == Array(recorded.suffix(recorded.count - 3)))
    #expect(times == times.sorted())
  }

  @Test(arguments: Fixture.all)
  func everythingButTheHandshakeIsTheRecordingByteForByte(fixture: Fixture) throws {
    let session = try fixture.session()
    var server = ObligingServer(seed: 42)
    let said = bytes(try play(session, to: &server))
    let recorded = session.segments.flatMap { $0.bytes.readableBytesView }
    #expect(said.prefix(1537) == recorded.prefix(1537))
    #expect(said.dropFirst(3073) == recorded.dropFirst(3073))
  }

  @Test func aClientThatEchoedS1EchoesTheNewOne() throws {
    let fixture = try #require(Fixture.all.first { $0.name == "ffmpeg-h264-aac" })
    let session = try fixture.session()
    var script = ReplayScript(session)
    script.begin(at: began)
    #expect(script.output(at: began)?.readableBytes == 1537)
    // The server must speak first; all of S0, S1 and S2, however cut.
    let s1 = (0..<1536).map { UInt8(truncatingIfNeeded: $0) }
    let answer = [3] + s1 + [UInt8](repeating: 7, count: 1536)
    for byte in answer {
      #expect(script.deadline == nil && script.output(at: .distantFuture) == nil)
      script.receive(ByteBuffer(bytes: [byte]))
    }
    #expect(script.output(at: began).map { Array($0.readableBytesView) } == s1)
  }

  @Test func aClientThatSentItsOwnC2SendsItAgain() throws {
    var file = CaptureWriter()
    let own = [3] + Conversation.c1 + [UInt8](repeating: 0x55, count: 1536) + [1, 2]
    file.packet(Talker().says(own, sequence: 0), at: 0)
    file.packet(Talker().answering.says(Conversation.server, sequence: 0), at: 1)
    let session = try #require(try RecordedSession.read(capture: file.bytes).first)
    var script = ReplayScript(session)
    script.begin(at: began)
    var said = script.output(at: began).map { Array($0.readableBytesView) } ?? []
    script.receive(ByteBuffer(repeating: 3, count: 3073))
    while let bytes = script.output(at: began) { said += Array(bytes.readableBytesView) }
    #expect(said == own)
  }

  @Test func nothingIsSaidBeforeTheConnectionStands() throws {
    var script = ReplayScript(try #require(Fixture.all.first).session())
    #expect(script.deadline == nil)
    #expect(script.output(at: .distantFuture) == nil)
    script.begin(at: began)
    #expect(script.deadline == began)
    #expect(script.output(at: began - .nanoseconds(1)) == nil)
    #expect(script.output(at: began) != nil)
  }
}
