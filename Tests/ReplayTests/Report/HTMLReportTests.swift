import Foundation
import Testing

@testable import Replay

struct HTMLReportTests {
  private static let runs = [SampleRun.mixed, SampleRun.alone, SampleRun.hostileRun, ReplayRun(captures: [])]

  @Test(arguments: runs)
  func everyElementIsClosedWhereItMustBe(run: ReplayRun) throws {
    #expect(try OpenElements(in: HTMLReport.render(run)).isEmpty)
  }

  @Test(arguments: runs)
  func nothingIsLoadedOrRun(run: ReplayRun) {
    let page = HTMLReport.render(run)
    #expect(!page.contains("<script") && !page.contains("<link") && !page.contains("url("))
    for source in page.components(separatedBy: " src=\"").dropFirst() {
      #expect(source.hasPrefix("data:image/png;base64,"))
    }
    for target in page.components(separatedBy: " href=\"").dropFirst() { #expect(target.hasPrefix("#session-")) }
  }

  @Test(arguments: runs)
  func equalRunsGiveEqualBytes(run: ReplayRun) {
    #expect(HTMLReport.render(run) == HTMLReport.render(run))
  }

  @Test func verdictCountsSessions() {
    #expect(HTMLReport.render(SampleRun.mixed).contains("2 of 3 sessions differ; of 1 capture nothing was replayed"))
    #expect(HTMLReport.render(SampleRun.alone).contains("1 session replayed, compared with nothing"))
    var good = SampleRun.mixed
    good.captures[0].sessions = [good.captures[0].sessions[0]]
    good.captures.removeLast()
    #expect(HTMLReport.render(good).contains("1 session replayed, 1 as the golden results have them"))
  }

  @Test func whatDiffersStandsOpenAndTheRestIsFolded() throws {
    let page = HTMLReport.render(SampleRun.mixed)
    let sections = page.components(separatedBy: "<section class=\"session\"")
    try #require(sections.count == 4)
    #expect(sections[1].contains("What came of it</summary>") && !sections[1].contains("First differing picture"))
    #expect(!sections[2].contains("What came of it</summary>") && sections[2].contains("First differing picture"))
    #expect(sections[3].contains("Could not be replayed: the gateway did not answer"))
  }

  @Test func firstDifferingPictureNamesItsPacket() throws {
    let session = SampleRun.mixed.captures[0].sessions[1]
    let part = try #require(FirstDifferingPicture(session))
    var text = ""
    part.markup.write(to: &text)
    #expect(text.contains("second 1 of vp8 of video of"))
    #expect(text.contains("from packet 60 on, 1.000 s into the capture"))
    #expect(text.components(separatedBy: "<img ").count == 5)
    #expect(FirstDifferingPicture(SampleRun.mixed.captures[0].sessions[0]) == nil)
  }

  @Test func messageTooMuchDoesNotPushThoseBehindItAside() {
    var text = ""
    ConversationTable(session: SampleRun.mixed.captures[0].sessions[1]).markup.write(to: &text)
    let rows = text.components(separatedBy: "<tr").filter { $0.contains("<td") }
    let differing = rows.filter { $0.hasPrefix(" class=\"differs\"") }
    #expect(rows.count == 4)
    #expect(differing.count == 1 && differing[0].contains("releaseStream") && differing[0].contains("nothing"))
  }

  @Test func levelIsNotDrawnOverSecondsOfNothing() throws {
    let seconds: [Int64] = [0, 1, 2, 9, 10]
    let sounds = seconds.map {
      Fingerprint(second: $0, content: .sound(SoundFingerprint(decibelTenths: -150, hertz: 440)))
    }
    var text = ""
    try #require(LevelCurve(label: "opus", expected: [], got: sounds)).markup.write(to: &text)
    #expect(text.components(separatedBy: "<polyline").count == 3)
    #expect(text.components(separatedBy: "<circle").count == 6)
  }

  /// More than anybody reads, by somebody who wants a report that no browser opens.
  @Test func longConversationIsCut() {
    var run = SampleRun.alone
    let line = ConversationLine(side: .client, kind: .command, name: "call", details: ["1"])
    run.captures[0].sessions[0].result.conversation = Array(repeating: line, count: 5_000)
    let page = HTMLReport.render(run)
    #expect(page.contains("4700 more are left out here"))
    #expect(page.utf8.count < 200_000)
  }

  @Test func clocksBeyondAllMeasureStillDraw() {
    let times = FrameTimes(
      frames: 2, keyFrames: 1, first: .min, last: .max, largestGap: .max, gapStart: .max)
    var text = ""
    TimeLineTable(caption: "x", expected: nil, got: times, isCompared: false, differingSeconds: [.max, .min]).markup
      .write(to: &text)
    #expect(text.contains("<rect class=\"frames\""))
  }
}

struct GrayPNGTests {
  @Test func pictureIsSignatureAndThreeChunks() throws {
    let png = try #require(GrayPNG(width: 2, luma: [0, 255, 128, 64]))
    let encoded = try #require(png.dataURL.components(separatedBy: "base64,").last)
    let bytes = [UInt8](try #require(Data(base64Encoded: encoded)))
    // Written by another encoder from the same four points, with the same stored block.
    #expect(
      bytes == [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 2, 8,
        0, 0,
        0, 0, 0x57, 0xDD, 0x52, 0xF8, 0, 0, 0, 17, 0x49, 0x44, 0x41, 0x54, 0x78, 0x01, 1, 6, 0, 0xF9, 0xFF, 0, 0, 255,
        0, 128, 64, 0x05, 0x42, 0x01, 0xC0, 0x79, 0xE9, 0x09, 0xC4,
        0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
      ])
  }

  @Test(arguments: [(0, 4), (3, 4), (2, 0), (-1, 1)])
  func whatIsNoPictureIsNone(width: Int, count: Int) {
    #expect(GrayPNG(width: width, luma: [UInt8](repeating: 0, count: count)) == nil)
  }
}

struct ReplayReportsTests {
  @Test(arguments: [("a/report.json", "json"), ("REPORT.HTML", "html"), ("x.y.xml", "xml")])
  func formIsFoundByTheName(file: String, ending: String) throws {
    #expect(try ReplayReports.form(of: file).fileExtension == ending)
  }

  @Test(arguments: ["report", "report.pdf", "json", ".json/report", ""])
  func nameWithoutAFormIsRefused(file: String) {
    #expect(throws: ReplayError.noSuchReport(file)) { try ReplayReports.form(of: file) }
  }
}

/// The elements of a page that are open at its end, or were closed out of turn.
private struct OpenElements {
  let isEmpty: Bool

  init(in page: String) throws {
    var open: [Substring] = []
    var outOfTurn = 0
    let tag = /<(\/?)([a-z0-9]+)((?:\s[a-z0-9-]+(?:="[^"<>]*")?)*)>/.ignoresCase()
    for match in page.matches(of: tag) where !["meta", "img"].contains(match.2) {
      if match.1.isEmpty {
        open.append(match.2)
      } else if open.popLast() != match.2 {
        outOfTurn += 1
      }
    }
    // What is no such tag is text, and in text nothing opens one.
    let rest = page.replacing(tag, with: "").replacingOccurrences(of: "<!DOCTYPE html>", with: "")
    isEmpty = open.isEmpty && outOfTurn == 0 && !rest.contains("<")
  }
}
