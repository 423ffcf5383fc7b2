import NIOCore
import Seeded
import Testing

@testable import Replay

@Suite struct SessionResultTests {
  static let id = TrackResult.ID(room: "demo", participant: "ali\"ce\n\u{202E}", kind: .video, publication: 2)

  static var result: SessionResult {
    let place = CapturePlace(packet: 7, milliseconds: 12)
    let luma = (0..<64).map { UInt8($0 * 4) }
    let picture = PictureFingerprint(width: 320, height: 240, luma: luma).map(Fingerprint.Content.picture)
    return SessionResult(
      name: "a \"name\" \\ with\u{0} everything",
      conversation: [
        ConversationLine(
          side: .client, kind: .command, name: "connect", transaction: 1,
          details: ["app: \"live/demo\"", "", "  indented"], place: place),
        ConversationLine(
          side: .gateway, kind: .command, name: "onStatus", stream: 1,
          details: ["null", "level: \"error\"", "code: \"NetStream.Publish.BadName\"", "description: \"no\""]),
        ConversationLine(side: .client, kind: .sharedObject, name: "", details: ["bytes: 3"]),
      ],
      end: ConnectionEnd(side: .gateway, reason: "not_allowed", place: place),
      tracks: [
        TrackResult(
          id: id, codecs: ["sorensonH263"],
          input: FrameTimes(frames: 3, keyFrames: 1, first: -4, last: 80, largestGap: 44, gapStart: 36),
          outputs: [
            MediaOutput(
              codec: "vp8", manner: .transcoded, times: FrameTimes(),
              fingerprints: [
                Fingerprint(second: -1, content: .undecodable),
                Fingerprint(second: 0, content: picture ?? .undecodable),
              ]),
            MediaOutput(
              codec: "h264", manner: .untouched, times: FrameTimes(), digest: "ab01",
              fingerprints: [
                Fingerprint(second: 0, content: .frames([FrameCheck(value: 0x00AB), FrameCheck(value: 0xFFFF)]))
              ]),
          ]),
        TrackResult(
          id: .init(room: "demo", participant: "bob", kind: .audio), codecs: [], input: FrameTimes(),
          obstacle: "opus cannot be carried",
          outputs: [
            MediaOutput(
              codec: "opus", manner: .transcoded, times: FrameTimes(),
              fingerprints: [
                Fingerprint(second: 0, content: .sound(SoundFingerprint(decibelTenths: -184, hertz: 440)))
              ])
          ]),
      ])
  }

  @Test func aResultIsReadFromItsTextAsItWas() throws {
    let read = try SessionResult(text: Self.result.text)
    #expect(read.text == Self.result.text)
    #expect(read.conversation.map(\.details) == Self.result.conversation.map(\.details))
    #expect(read.tracks?.map(\.id) == Self.result.tracks?.map(\.id))
    #expect(ResultComparison(expected: Self.result, got: read).differences == [])
    var outside = Self.result
    outside.tracks = nil
    #expect(try SessionResult(text: outside.text).tracks == nil)
  }

  @Test func placesAreNotPartOfTheText() {
    var other = Self.result
    for index in other.conversation.indices { other.conversation[index].place = nil }
    #expect(other.text == Self.result.text)
  }

  @Test func nothingInANameBreaksALine() {
    #expect(Self.result.text.split(separator: "\n").allSatisfy { !$0.contains("\u{202E}") && !$0.contains("\u{0}") })
  }

  @Test func aStatusIsFoundAmongTheDetails() {
    let line = Self.result.conversation[1]
    #expect(line.code == "NetStream.Publish.BadName")
    #expect(line.level == "error")
    #expect(line.statusDescription == "no")
    #expect(Self.result.conversation[0].code == nil)
  }

  @Test(arguments: [
    ("", 1), ("flashgate result 2\n", 1), ("flashgate result 1\n", 2),
    ("flashgate result 1\nsession \"a\nend client\n", 2),
    ("flashgate result 1\nsession \"a\"\nend nobody\n", 3),
    ("flashgate result 1\nsession \"a\"\nclient command \"x\" transaction many\nend client\n", 3),
    ("flashgate result 1\nsession \"a\"\nend client\ntrack video of \"a\" in \"b\" publication 1\n  frames 1\n", 6),
    ("flashgate result 1\nsession \"a\"\nend client\nwhat\n", 4),
  ])
  func aBrokenTextIsRefusedWithItsLine(text: String, line: Int) {
    #expect {
      try SessionResult(text: text)
    } throws: { error in
      if case ReplayError.badResult(line, _) = error { true } else { false }
    }
  }

  @Test func noMutationOfATextDoesHarm() {
    var generator = SeededGenerator(seed: 3)
    let text = ByteBuffer(string: Self.result.text)
    for _ in 0..<2_000 {
      let mutated = String(decoding: text.mutated(using: &generator).readableBytesView, as: UTF8.self)
      guard let read = try? SessionResult(text: mutated) else { continue }
      // What is read says itself again.
      #expect((try? SessionResult(text: read.text))?.text == read.text)
    }
  }
}
