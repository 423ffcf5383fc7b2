import Testing

@testable import Replay

@Suite struct ResultComparisonTests {
  private let golden = SessionResultTests.result

  private func differences(_ change: (inout SessionResult) -> Void) -> [ResultDifference] {
    var got = golden
    change(&got)
    return ResultComparison(expected: golden, got: got).differences
  }

  @Test func equalResultsDoNotDiffer() { #expect(differences { _ in } == []) }

  @Test func aStatusThatChangedIsOneDifferenceWithItsPlace() throws {
    let place = CapturePlace(packet: 9, milliseconds: 40)
    let found = differences {
      $0.conversation[1].details[2] = "code: \"NetStream.Publish.Start\""
      $0.conversation[1].place = place
    }
    let difference = try #require(found.first)
    #expect(found.count == 1)
    #expect(difference.subject == .conversation(.gateway, index: 0))
    #expect(difference.place == place)
    #expect(difference.expected?.contains("BadName") == true && difference.got?.contains("Start") == true)
  }

  @Test func aLineTooMuchDoesNotMakeThoseBehindItDiffer() {
    let extra = ConversationLine(side: .client, kind: .command, name: "ping")
    let more = differences { $0.conversation.insert(extra, at: 0) }
    #expect(more.map(\.subject) == [.conversation(.client, index: 0)])
    #expect(more.first?.expected == nil)
    let less = differences { $0.conversation.remove(at: 0) }
    #expect(less.map(\.subject) == [.conversation(.client, index: 0)])
    #expect(less.first?.got == nil)
  }

  @Test func howBothSidesInterleaveIsNotCompared() {
    #expect(differences { $0.conversation.swapAt(0, 1) } == [])
  }

  @Test func anotherEndDiffers() {
    #expect(differences { $0.end = ConnectionEnd(side: .client) }.map(\.subject) == [.end])
    #expect(differences { $0.end.reason = "key_required" }.map(\.subject) == [.end])
  }

  @Test func fromOutsideMediaAndReasonsAreNotCompared() {
    #expect(
      differences {
        $0.tracks = nil
        $0.end = ConnectionEnd(side: .client)
      } == [])
  }

  @Test func aTrackThatIsMissingOrTooMuchDiffers() {
    let missing = differences { $0.tracks?.removeFirst() }
    #expect(missing.map(\.subject) == [.track(SessionResultTests.id)])
    #expect(missing.first?.got == nil)
    let other = TrackResult.ID(room: "demo", participant: "eve", kind: .audio)
    let more = differences { $0.tracks?.append(TrackResult(id: other, codecs: ["mp3"], input: FrameTimes())) }
    #expect(more.map(\.subject) == [.track(other)])
  }

  @Test func oneOtherFrameIsTracedToItsPacket() throws {
    let found = differences {
      $0.tracks?[0].outputs[1].digest = "ab02"
      $0.tracks?[0].outputs[1].fingerprints[0].content = .frames([
        FrameCheck(value: 0x00AB, packet: 20), FrameCheck(value: 0x0001, packet: 21),
      ])
    }
    let id = SessionResultTests.id
    #expect(found.map(\.subject) == [.fingerprint(id, codec: "h264", second: 0), .digest(id, codec: "h264")])
    #expect(found.allSatisfy { $0.place?.packet == 21 })
    #expect(found.first?.got == "frame 2 as 0001")
  }

  @Test func picturesMayDifferAsCodecsDoAndNoMore() {
    func picture(_ change: (Int) -> Int) -> Fingerprint.Content {
      PictureFingerprint(width: 320, height: 240, luma: (0..<64).map { UInt8(clamping: change($0)) })
        .map(Fingerprint.Content.picture) ?? .undecodable
    }
    let tolerance = ResultTolerance()
    let usual = picture { $0 * 3 }
    #expect(tolerance.accepts(picture { $0 * 3 + 3 }, for: usual))
    #expect(tolerance.accepts(picture { $0 * 3 + ($0 == 9 ? 15 : 0) }, for: usual))
    #expect(!tolerance.accepts(picture { $0 * 3 + 6 }, for: usual))
    #expect(!tolerance.accepts(picture { $0 * 3 + ($0 == 9 ? 40 : 0) }, for: usual), "one block is another one")
    #expect(!tolerance.accepts(picture { 189 - $0 * 3 }, for: usual), "upside down")
    #expect(!tolerance.accepts(.undecodable, for: usual))
  }

  @Test(arguments: [
    (-200, 440, true), (-214, 444, true), (-230, 440, false), (-200, 480, false), (-900, 0, false),
  ])
  func soundMayDifferAsCodecsDoAndNoMore(tenths: Int, hertz: Int, isAccepted: Bool) {
    let usual = Fingerprint.Content.sound(SoundFingerprint(decibelTenths: -205, hertz: 441))
    let got = Fingerprint.Content.sound(SoundFingerprint(decibelTenths: tenths, hertz: hertz))
    #expect(ResultTolerance().accepts(got, for: usual) == isAccepted)
  }

  @Test func aFewPacketsAtTheEdgeAreNotCompared() {
    func result(edge: SoundFingerprint?, first: Int64) -> SessionResult {
      var result = golden
      let whole = SoundFingerprint(decibelTenths: -200, hertz: 440)
      result.tracks?[1].outputs[0].times = FrameTimes(
        frames: 60, keyFrames: 60, first: first, last: 1_000, largestGap: 20, gapStart: 0)
      result.tracks?[1].outputs[0].fingerprints = [Fingerprint(second: 0, content: .sound(whole))]
      if let edge {
        result.tracks?[1].outputs[0].fingerprints.insert(Fingerprint(second: -1, content: .sound(edge)), at: 0)
      }
      return result
    }
    func differences(_ expected: SoundFingerprint?, _ got: SoundFingerprint?, first: Int64) -> Int {
      ResultComparison(expected: result(edge: expected, first: first), got: result(edge: got, first: first))
        .differences.count
    }
    let (low, high) = (
      SoundFingerprint(decibelTenths: -200, hertz: 300), SoundFingerprint(decibelTenths: -150, hertz: 900)
    )
    #expect(differences(low, high, first: -6) == 0)
    #expect(differences(low, nil, first: -6) == 0)
    #expect(differences(low, high, first: -400) == 1, "that much is heard")
  }

  @Test func silenceHasNoPitch() {
    let quiet = Fingerprint.Content.sound(SoundFingerprint(decibelTenths: -610, hertz: 50))
    let quieter = Fingerprint.Content.sound(SoundFingerprint(decibelTenths: -900, hertz: 0))
    #expect(ResultTolerance().accepts(quiet, for: quieter))
  }
}
