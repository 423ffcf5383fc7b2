@testable import Replay

/// Runs to make reports of.
enum SampleRun {
  /// A name as somebody gives it who wants the report to be his.
  static let hostile = "</td><script>alert(1)</script>\" onload='x' & \u{1B}[31m\u{202E}]]>"

  static let video = TrackResult.ID(room: "demo", participant: "alice", kind: .video)
  static let sound = TrackResult.ID(room: "demo", participant: "alice", kind: .audio)

  /// A session as it should be, one that differs in everything, one that could not be replayed, and a file with nothing.
  static var mixed: ReplayRun {
    let golden = result("alice-1")
    let same = SessionOutcome(result: golden, golden: golden, duration: 3_000_000)
    let other = changed(golden)
    let differing = SessionOutcome(
      result: other, golden: golden, differences: ResultComparison(expected: golden, got: other).differences,
      duration: 3_200_000, thumbnails: [thumbnail(second: 1)])
    let broken = SessionOutcome(result: result("alice-3"), duration: 1_000, fault: "the gateway did not answer")
    return ReplayRun(captures: [
      CaptureOutcome(path: "Fixtures/alice.pcapng", notices: [], sessions: [same, differing, broken]),
      CaptureOutcome(path: "Fixtures/noise.pcapng", notices: ["packet 7 was not captured whole"], sessions: []),
    ])
  }

  /// One session, compared with nothing.
  static var alone: ReplayRun {
    ReplayRun(captures: [
      CaptureOutcome(
        path: "bob.flv", notices: [], sessions: [SessionOutcome(result: result("bob"), duration: 2_000_000)])
    ])
  }

  /// Every text in it is hostile.
  static var hostileRun: ReplayRun {
    let id = TrackResult.ID(room: hostile, participant: hostile, kind: .video)
    let line = ConversationLine(side: .client, kind: .command, name: hostile, details: [hostile])
    let track = TrackResult(id: id, codecs: [hostile], input: FrameTimes(), obstacle: hostile)
    let mine = SessionResult(name: hostile, conversation: [line], end: .init(side: .client), tracks: [track])
    let golden = SessionResult(
      name: hostile, conversation: [], end: .init(side: .gateway, reason: hostile), tracks: [])
    let session = SessionOutcome(
      result: mine, golden: golden, differences: ResultComparison(expected: golden, got: mine).differences,
      fault: hostile)
    return ReplayRun(captures: [
      CaptureOutcome(path: hostile, notices: [hostile], sessions: [session]),
      CaptureOutcome(path: hostile, notices: [hostile], sessions: []),
    ])
  }

  static func result(_ name: String) -> SessionResult {
    let conversation = [
      ConversationLine(
        side: .client, kind: .command, name: "connect", transaction: 1, details: ["app: \"live/demo\""],
        place: CapturePlace(packet: 7, milliseconds: 1)),
      ConversationLine(
        side: .gateway, kind: .command, name: "_result", transaction: 1,
        details: ["code: \"NetConnection.Connect.Success\"", "level: \"status\""],
        place: CapturePlace(packet: 7, milliseconds: 1)),
      ConversationLine(
        side: .client, kind: .command, name: "publish", stream: 1, details: ["\"alice\"", "\"live\""],
        place: CapturePlace(packet: 9, milliseconds: 3)),
    ]
    return SessionResult(
      name: name, conversation: conversation, end: ConnectionEnd(side: .client), tracks: [pictures, tone])
  }

  private static var pictures: TrackResult {
    let fingerprints = (0..<3).compactMap { second in picture(second: second, step: 3) }
    let times = FrameTimes(frames: 45, keyFrames: 2, first: 0, last: 2_933, largestGap: 67, gapStart: 600)
    return TrackResult(
      id: video, codecs: ["flv1"], input: times,
      outputs: [MediaOutput(codec: "vp8", manner: .transcoded, times: times, fingerprints: fingerprints)],
      place: CapturePlace(packet: 12, milliseconds: 20))
  }

  private static var tone: TrackResult {
    let fingerprints = (0..<3).map { second in
      Fingerprint(
        second: Int64(second), content: .sound(SoundFingerprint(decibelTenths: -150 - second * 5, hertz: 440)),
        place: CapturePlace(packet: 12 + second * 40, milliseconds: Int64(second) * 1000))
    }
    let times = FrameTimes(frames: 150, keyFrames: 150, first: 0, last: 2_980, largestGap: 20, gapStart: 0)
    return TrackResult(
      id: sound, codecs: ["nellymoser"], input: times,
      outputs: [MediaOutput(codec: "opus", manner: .transcoded, times: times, fingerprints: fingerprints)],
      place: CapturePlace(packet: 11, milliseconds: 20))
  }

  private static func picture(second: Int, step: Int) -> Fingerprint? {
    let luma = (0..<64).map { UInt8(clamping: 40 + $0 * step + second * 10) }
    guard let picture = PictureFingerprint(width: 320, height: 240, luma: luma) else { return nil }
    return Fingerprint(
      second: Int64(second), content: .picture(picture),
      place: CapturePlace(packet: 20 + second * 40, milliseconds: Int64(second) * 1000))
  }

  private static func changed(_ result: SessionResult) -> SessionResult {
    var other = result
    other.name = "alice-2"
    other.conversation.insert(
      ConversationLine(
        side: .client, kind: .command, name: "releaseStream", transaction: 2, details: ["\"alice\""],
        place: CapturePlace(packet: 8, milliseconds: 2)), at: 2)
    other.end = ConnectionEnd(
      side: .gateway, reason: "protocol_error", place: CapturePlace(packet: 140, milliseconds: 2_900))
    var tracks = other.tracks ?? []
    for index in tracks.indices {
      for output in tracks[index].outputs.indices { change(&tracks[index].outputs[output]) }
    }
    other.tracks = tracks
    return other
  }

  private static func change(_ output: inout MediaOutput) {
    output.times.frames -= 9
    output.times.largestGap = 666
    output.times.gapStart = 1_200
    output.times.gapPlace = CapturePlace(packet: 77, milliseconds: 1_866)
    for index in output.fingerprints.indices where index > 0 {
      switch output.fingerprints[index].content {
      case .picture:
        if let other = picture(second: index, step: 1) { output.fingerprints[index].content = other.content }
      case .sound:
        output.fingerprints[index].content = .sound(SoundFingerprint(decibelTenths: -480, hertz: 100 * index))
      case .frames, .undecodable: break
      }
    }
  }

  private static func thumbnail(second: Int64) -> Thumbnail {
    let luma = (0..<80 * 60).map { UInt8(truncatingIfNeeded: $0 % 80 * 3) }
    return Thumbnail(track: video, codec: "vp8", second: second, width: 80, height: 60, luma: luma)
  }
}
