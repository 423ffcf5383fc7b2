import Foundation
import Testing

@testable import Replay

struct JSONReportTests {
  @Test(arguments: [SampleRun.mixed, SampleRun.alone, SampleRun.hostileRun, ReplayRun(captures: [])])
  func documentIsReadBackAsItWas(run: ReplayRun) throws {
    let text = try JSONReport.render(run)
    let document = try JSONDecoder().decode(ReportDocument.self, from: Data(text.utf8))
    #expect(document == ReportDocument(run))
    #expect(document.format == "flashgate-replay-report-1")
    #expect(document.differs == run.differs)
    #expect(try JSONReport.render(run) == text)
  }

  @Test func differencesSayWhatTheyAreOfAndWhereTheyBegan() throws {
    let session = ReportDocument(SampleRun.mixed).captures[0].sessions[1]
    let subjects = session.differences.map(\.subject)
    #expect(subjects.first == "conversation")
    #expect(Set(subjects) == ["conversation", "end", "fingerprint", "times"])
    let picture = try #require(session.differences.first { $0.subject == "fingerprint" })
    #expect(picture.track == SampleRun.video)
    #expect(picture.codec == "vp8")
    #expect(picture.second == 1)
    #expect(picture.place == CapturePlace(packet: 60, milliseconds: 1_000))
  }

  @Test func secondsHoldWhatWasSeenAndHeard() throws {
    let session = ReportDocument(SampleRun.alone).captures[0].sessions[0]
    let tracks = try #require(session.result.tracks)
    #expect(tracks[0].outputs[0].seconds[0].picture?.luma.hasPrefix("282b2e") == true)
    #expect(tracks[1].outputs[0].seconds[0].sound == ReportDocument.Sound(decibels: -15, hertz: 440))
    #expect(session.golden == nil)
    #expect(session.duration == 2_000)
  }

  /// Programs of others hold on to these.
  @Test func namesOfFieldsAreTheStatedOnes() throws {
    let text = try JSONReport.render(SampleRun.mixed)
    let top = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(Set(top.keys) == ["format", "differs", "captures"])
    let capture = try #require((top["captures"] as? [[String: Any]])?.first)
    #expect(Set(capture.keys) == ["path", "differs", "notices", "sessions"])
    let session = try #require((capture["sessions"] as? [[String: Any]])?.first)
    #expect(Set(session.keys) == ["name", "differs", "duration", "differences", "result", "golden"])
    let result = try #require(session["result"] as? [String: Any])
    #expect(Set(result.keys) == ["conversation", "end", "tracks"])
    let track = try #require((result["tracks"] as? [[String: Any]])?.first)
    #expect(Set(track.keys) == ["id", "codecs", "input", "outputs", "place"])
    let output = try #require((track["outputs"] as? [[String: Any]])?.first)
    #expect(Set(output.keys) == ["codec", "manner", "times", "seconds"])
  }
}
