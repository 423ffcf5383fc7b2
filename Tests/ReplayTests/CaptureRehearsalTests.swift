import Foundation
import NIOCore
import RTMP
import Seeded
import Testing

@testable import Replay

/// One after the other: each takes its thread for as long as it lasts, and other tests need one, too.
@Suite(.serialized) struct CaptureRehearsalTests {
  private func play(_ sessions: [RecordedSession], named name: String = "capture") throws -> [SessionResult] {
    try CaptureRehearsal(name: name, sessions: sessions).run().map(\.result)
  }

  private func play(_ capture: RewrittenCapture) throws -> SessionResult {
    try #require(try play(RecordedSession.read(capture: capture.file)).first)
  }

  private func fixture(_ name: String) throws -> RecordedSession {
    try #require(Fixture.all.first { $0.name == name }).session()
  }

  // MARK: What comes of a session

  @Test(arguments: Fixture.all)
  func aRecordedClientIsAnsweredSeenAndHeard(fixture: Fixture) throws {
    let session = try fixture.session()
    let result = try #require(try play([session]).first)
    #expect(result.conversation.contains { $0.side == .gateway && $0.code == "NetStream.Publish.Start" })
    #expect(result.end.side == .client)
    let tracks = try #require(result.tracks)
    #expect(Set(tracks.map(\.id.kind)) == (fixture.hasPictures ? [.audio, .video] : [.audio]))
    for track in tracks {
      #expect(track.id.room == "demo" && track.id.participant == fixture.participant)
      #expect(track.obstacle == nil)
      let output = try #require(track.outputs.first)
      #expect(track.outputs.count == 1)
      #expect(abs(output.times.last - (track.input.last - track.input.first)) < 250, "to the end of the recording")
      #expect(output.fingerprints.count >= Int(session.duration / 1_000_000) - 1)
      #expect(!output.fingerprints.contains { $0.content == .undecodable })
    }
  }

  @Test func everyUntouchedFrameComesThrough() throws {
    let result = try #require(try play([fixture("ffmpeg-h264-aac")]).first)
    let track = try #require(result.tracks?.first { $0.id.kind == .video })
    let output = try #require(track.outputs.first)
    #expect(output.codec == "h264" && output.manner == .untouched)
    #expect(output.times.frames == track.input.frames)
    #expect(output.times.keyFrames == track.input.keyFrames)
    #expect(output.digest?.count == 64)
    let checks = output.fingerprints.flatMap { fingerprint -> [FrameCheck] in
      if case .frames(let checks) = fingerprint.content { checks } else { [] }
    }
    #expect(checks.count == track.input.frames)
  }

  @Test func aVoiceIsHeardAtItsPitch() throws {
    let result = try #require(try play([fixture("ffmpeg-audio-only")]).first)
    let output = try #require(result.tracks?.first?.outputs.first)
    #expect(output.codec == "opus" && output.manner == .transcoded)
    let tones = output.fingerprints.compactMap { fingerprint -> Int? in
      if case .sound(let sound) = fingerprint.content { sound.hertz } else { nil }
    }
    #expect(tones.count >= 3 && tones.allSatisfy { $0 > 0 })
  }

  // MARK: Always the same

  @Test(arguments: Fixture.all)
  func twoReplaysAreEqualToTheByte(fixture: Fixture) throws {
    let session = try fixture.session()
    let first = try play([session], named: fixture.name)
    let second = try play([session], named: fixture.name)
    #expect(first == second)
    #expect(first.map(\.text) == second.map(\.text))
    let golden = try SessionResult(text: try #require(first.first).text)
    #expect(ResultComparison(expected: golden, got: try #require(second.first)).differences == [])
  }

  @Test(arguments: ["ffmpeg-h264-aac", "ffmpeg-audio-only"])
  func aCaptureThatWasWrittenOtherwiseGivesTheSameResult(name: String) throws {
    let clean = RewrittenCapture(try fixture(name))
    let golden = try play(clean)
    let text = golden.text
    #expect(try play(clean.duplicated()).text == text)
    #expect(try play(clean.overlapping(by: 40)).text == text)
    #expect(try play(clean.cut(into: 536)).text == text)
    // What comes early waits for what was before it: the sides may interleave otherwise then, each stays the same.
    for seed in 0..<3 as Range<UInt64> {
      let differences = ResultComparison(expected: golden, got: try play(clean.reordered(seed: seed))).differences
      #expect(differences == [], "\(differences)")
    }
    let all = clean.cut(into: 700).reordered(seed: 9).duplicated()
    #expect(ResultComparison(expected: golden, got: try play(all)).differences == [])
  }

  @Test func aFrameThatChangedIsFoundAtItsPacket() throws {
    let clean = RewrittenCapture(try fixture("ffmpeg-h264-aac"))
    let golden = try play(clean)
    // One byte in the middle of a large packet far behind the handshake: that of a picture's slice.
    let sizes = clean.packets.enumerated().filter { $0.element.isClient && $0.offset > clean.packets.count / 2 }
    let victim = try #require(sizes.max { $0.element.payload.count < $1.element.payload.count }).element
    let changed = clean.changingClient { packets in
      packets.map { packet in
        guard packet.sequence == victim.sequence else { return packet }
        var payload = packet.payload
        payload[payload.count / 2] ^= 0x55
        return RewrittenCapture.Packet(
          isClient: true, time: packet.time, sequence: packet.sequence, payload: payload)
      }
    }
    let session = try #require(try RecordedSession.read(capture: changed.file).first)
    let spoilt = try #require(
      session.segments.first {
        Array($0.bytes.readableBytesView).count == victim.payload.count
          && $0.time == victim.time - 1_000_000
      })
    let differences = ResultComparison(expected: golden, got: try play(changed)).differences
    let first = try #require(differences.first)
    #expect(abs((first.place?.packet ?? 0) - spoilt.packet) <= 2, "\(first)")
    #expect(
      differences.allSatisfy {
        if case .conversation = $0.subject { false } else { true }
      })
  }

  // MARK: Several sessions

  @Test func severalSpeakersOfACaptureAreAllThere() throws {
    let captures = try ["ffmpeg-h264-aac", "ffmpeg-audio-only", "rtmp2sink-h264-aac"].enumerated().map { index, name in
      RewrittenCapture(
        try fixture(name), as: Talker(fromPort: UInt16(40_000 + index)), from: 1_000_000 + Int64(index) * 300_000)
    }
    let together = try play(RecordedSession.read(capture: RewrittenCapture.file(captures)))
    #expect(together.map(\.name) == ["capture-1", "capture-2", "capture-3"])
    for (capture, result) in zip(captures, together) {
      var alone = try play(capture)
      alone.name = result.name
      #expect(alone.text == result.text, "others in the room change nothing")
    }
  }

  @Test func aReconnectTakesTheNameOverAndItsTracksGoOn() throws {
    let session = try fixture("ffmpeg-audio-only")
    let first = RewrittenCapture(session, as: Talker(fromPort: 40_000), from: 1_000_000)
    let second = RewrittenCapture(session, as: Talker(fromPort: 40_001), from: 2_000_000)
    let results = try play(RecordedSession.read(capture: RewrittenCapture.file([first, second])))
    let (former, latter) = (try #require(results.first), try #require(results.last))
    #expect(
      former.conversation.contains { $0.side == .gateway && $0.statusDescription?.contains("taken over") == true })
    #expect(latter.end.side == .client)
    let frames = results.map { $0.tracks?.first?.outputs.first?.times.frames ?? 0 }
    #expect(frames[0] > 0 && frames[0] < frames[1])
  }

  @Test(arguments: [ClientSession.HandshakeKind.plain, .digestZero, .digestOne])
  func aClientOfEachKindOfHandshakeIsLetIn(kind: ClientSession.HandshakeKind) throws {
    let result = try #require(try play([MadeSession(publishing: "alice", handshake: kind).session()]).first)
    #expect(result.conversation.contains { $0.code == "NetStream.Publish.Start" })
  }

  @Test(arguments: ["ffmpeg-h264-aac", "ffmpeg-flv1-nellymoser"])
  func totalsAreTheSameWithoutWhatIsInEachSecond(name: String) throws {
    func play(_ detail: CaptureRehearsal.Detail) throws -> SessionResult {
      var options = CaptureRehearsal.Options()
      options.detail = detail
      let outcomes = try CaptureRehearsal(name: name, sessions: [fixture(name)], options: options).run()
      return try #require(outcomes.first).result
    }
    var whole = try play(.seconds)
    let totals = try play(.totals)
    for track in (whole.tracks ?? []).indices {
      for output in (whole.tracks?[track].outputs ?? []).indices {
        #expect(whole.tracks?[track].outputs[output].fingerprints.isEmpty == false)
        whole.tracks?[track].outputs[output].fingerprints = []
      }
    }
    #expect(totals == whole)
  }

  // MARK: Long and hostile ones

  /// Ten minutes of pictures: those of a fixture, again and again.
  private func longSession(minutes: Int64) throws -> RecordedSession {
    var server = ObligingServer()
    var script = ReplayScript(try fixture("ffmpeg-h264-aac"))
    script.begin(at: .uptimeNanoseconds(0))
    while let due = script.deadline, let bytes = script.output(at: due) {
      try server.receive(bytes, at: due)
      if let answer = server.output() { script.receive(answer) }
    }
    let pictures = server.media.filter { $0.kind == .video }
    let length = try #require(pictures.last).timestamp + 67
    var made = try MadeSession(publishing: "long")
    for round in 0..<(minutes * 60_000 / length + 1) {
      for var picture in pictures {
        picture.timestamp += round * length
        try made.send(picture, at: 100 + picture.timestamp)
      }
    }
    return try made.session()
  }

  @Test func tenMinutesThatPassThroughAreNotPlayedInRealTime() throws {
    let session = try longSession(minutes: 10)
    let clock = ContinuousClock()
    var result: SessionResult?
    let took = try clock.measure { result = try play([session]).first }
    let output = try #require(result?.tracks?.first?.outputs.first)
    #expect(output.manner == .untouched)
    #expect(output.times.frames == result?.tracks?.first?.input.frames)
    #expect(output.times.last >= 595_000)
    #expect(output.times.largestGap <= 200)
    print("10 min of pictures that pass through in \(took)")
  }

  @Test func noMutationOfASessionDoesHarm() throws {
    let whole = RewrittenCapture(try fixture("ffmpeg-h264-aac"))
    let clean = whole.changingClient { Array($0.prefix(32)) }
    var generator = SeededGenerator(seed: 77)
    for _ in 0..<1_000 {
      // The handshake stays: behind it is where a session can go wrong in many ways.
      let mutated = clean.changingClient { packets in
        packets.map { packet in
          guard packet.sequence > 3_074, Int.random(in: 0..<8, using: &generator) == 0 else { return packet }
          let payload = ByteBuffer(bytes: packet.payload).mutated(using: &generator)
          let bytes = Array(payload.readableBytesView)
          // The same length, so that what follows is not missing.
          let fitted = (bytes + packet.payload).prefix(packet.payload.count)
          return RewrittenCapture.Packet(
            isClient: true, time: packet.time, sequence: packet.sequence, payload: Array(fitted))
        }
      }
      let result = try play(mutated)
      #expect(try SessionResult(text: result.text).text == result.text)
      if result.end.side == .gateway { #expect((result.end.place?.packet ?? 0) > 0) }
    }
  }
}
