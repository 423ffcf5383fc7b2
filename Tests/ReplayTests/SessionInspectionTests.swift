import FLV
import NIOCore
import RTMP
import Seeded
import Testing

@testable import Replay

@Suite struct SessionInspectionTests {
  @Test(arguments: Fixture.all)
  func aRecordedClientIsToldWithItsCommandsAndTracks(fixture: Fixture) throws {
    let inspection = SessionInspection(try fixture.session())
    #expect(inspection.serverHandshake != nil)
    #expect(inspection.connect.contains { $0.name == "app" && $0.value.contains("demo") })
    let publish = try #require(inspection.commands.first { $0.name == "publish" && $0.side == "client" })
    #expect(publish.arguments.contains("\"\(fixture.participant)\""))
    let answer = inspection.commands.first { $0.side == "server" && $0.name == "onStatus" }
    #expect(answer?.arguments.contains { $0.contains("NetStream.Publish.Start") } == true)
    #expect(Set(inspection.tracks.map(\.kind)) == (fixture.hasPictures ? ["audio", "video"] : ["audio"]))
    for track in inspection.tracks {
      #expect(track.side == "client" && track.frames > 20 && track.codecs.count == 1)
      #expect(track.largestGap < 500)
      #expect(abs(track.last - track.first - inspection.duration) < 1_000)
    }
    // Real clients' media is in order.
    #expect(inspection.findings.allSatisfy { if case .backwards = $0.rule { false } else { true } })
  }

  @Test func theHabitsOfClientsAreFound() throws {
    func rules(_ name: String) throws -> [Finding.Rule] {
      let fixture = try #require(Fixture.all.first { $0.name == name })
      return SessionInspection(try fixture.session()).findings.map(\.rule)
    }
    let rtmp2sink = try rules("rtmp2sink-h264-aac")
    #expect(rtmp2sink.contains(.noTransaction(command: "publish")))
    #expect(rtmp2sink.contains(.deleteByName))
    #expect(try rules("ffmpeg-h264-aac").isEmpty)
  }

  @Test func anExtractedStreamHoldsWhatTheClientSent() throws {
    let fixture = try #require(Fixture.all.first { $0.name == "ffmpeg-flv1-nellymoser" })
    let session = try fixture.session()
    let extraction = try StreamExtraction(session)
    #expect(extraction.streams.map(\.side) == ["client"])
    var server = ObligingServer()
    for segment in session.segments { try server.receive(segment.bytes, at: .uptimeNanoseconds(0)) }
    var reader = FLVReader()
    try extraction.write { _, bytes in
      var bytes = bytes
      reader.receive(&bytes)
    }
    reader.finish()
    var tags: [FLVTag] = []
    while let tag = reader.next() { tags.append(tag) }
    let media = server.media.filter { $0.kind != .data }
    #expect(tags.map(\.body) == media.map(\.body))
    #expect(tags.map { Int64($0.timestamp) } == media.map(\.timestamp))
  }

  @Test func everyMessageHasALine() throws {
    let fixture = try #require(Fixture.all.first { $0.name == "ffmpeg-flv1-nellymoser" })
    let lines = Array(FrameLine.all(of: try fixture.session()))
    #expect(lines.contains { $0.side == "client" && $0.text.hasPrefix("connect transaction 1") })
    #expect(lines.contains { $0.text.hasPrefix("video sorensonH263 key frame at ") })
    #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.milliseconds <= $1.milliseconds })
  }

  /// A client that says these messages after a plain handshake, each in a chunk of format 0.
  private func session(_ messages: [(type: UInt8, chunkStream: UInt8, time: UInt32, stream: UInt8, body: [UInt8])])
    throws -> RecordedSession
  {
    var bytes = [3] + [UInt8](repeating: 0, count: 2 * 1536)
    for message in messages {
      bytes.append(message.chunkStream)
      bytes.append(contentsOf: [
        UInt8(message.time >> 16 & 0xFF), UInt8(message.time >> 8 & 0xFF), UInt8(message.time & 0xFF),
      ])
      bytes.append(contentsOf: [0, 0, UInt8(message.body.count), message.type, message.stream, 0, 0, 0])
      bytes.append(contentsOf: message.body)
    }
    var file = CaptureWriter()
    file.packet(Talker().says(bytes, sequence: 0), at: 0)
    return try #require(try RecordedSession.read(capture: file.bytes).first)
  }

  @Test func brokenRulesAreNamedOnceAndCounted() throws {
    let found = SessionInspection(
      try session([
        (1, 3, 0, 1, [0, 0, 0, 100]),
        (99, 4, 0, 0, [1]),
        (9, 6, 40, 1, [0x22, 1]), (9, 6, 20, 1, [0x22, 1]), (9, 6, 10, 1, [0x22, 1]),
        (8, 4, 0, 0, [0xAF, 1, 2]),
        (8, 4, 0, 1, [0xB6, 2]),
        (9, 6, 50, 1, [0xF7]),
        (3, 2, 0, 0, [1]),
      ])
    ).findings
    #expect(
      found.map(\.rule) == [
        .controlOutOfPlace(type: 1, chunkStream: 3, streamID: 1), .smallChunkSize(100), .unknownType(99),
        .unpublishedMedia(streamID: 1), .backwards(kind: "video", from: 40, to: 20), .mediaOnConnection,
        .configurationMissing(codec: "aac"),
        .wrongRate(codec: "speex", stated: 11025, real: 16000),
        .damagedMedia(kind: "video", "\(FLVError.enhancedVideoHeader(firstByte: 0xF7))"),
        .malformed(.malformedMessage(type: 3, length: 1)),
      ])
    #expect(found[4].count == 2)
    #expect(found.allSatisfy { $0.packet == 1 && $0.side == "client" && !$0.description.isEmpty })
  }

  @Test func aDirectionThatStopsMakingSenseIsNamedAndTheOtherGoesOn() throws {
    // A header of format 3 on a chunk stream that has none before it.
    let broken = SessionInspection(try session([(3, 2, 0, 0, [0, 0, 0, 1]), (0, 0xC5, 0, 0, [])]))
    #expect(
      broken.findings.map(\.rule) == [.unreadable(.headerWithoutPredecessor(chunkStream: 5, format: 3))])
  }

  @Test func damagedSessionsNeitherTrapNorHang() throws {
    let fixture = try #require(Fixture.all.first { $0.name == "ffmpeg-audio-only" })
    let original = Array(try fixture.session().segments.flatMap { $0.bytes.readableBytesView }.prefix(12_000))
    var found = 0
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 3073..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var file = CaptureWriter()
      file.packet(Talker().says(bytes, sequence: 0), at: 0)
      let session = try #require(try RecordedSession.read(capture: file.bytes).first)
      found += SessionInspection(session).findings.count
      for _ in FrameLine.all(of: session) {}
    }
    #expect(found > 100)
  }
}
