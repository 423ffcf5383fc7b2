import Foundation
import NIOCore
import RTMP
import Rooms
import Seeded
import Testing

@testable import Edge
@testable import Gateway

@Suite struct MigrationReportTests {
  private static let now = LogTime(seconds: 1_800_000_000)
  private static let rtmp = MigrationDoor(listener: "0.0.0.0:1935", way: "rtmp")
  private static let tunnel = MigrationDoor(listener: "0.0.0.0:8080", way: "rtmpt")

  private func report(of record: AuditRecordWriter, days: Int = 30) -> MigrationReport {
    var ledger = MigrationLedger(MigrationWindow(now: Self.now.milliseconds, length: days))
    for line in record.lines { ledger.read(line) }
    return ledger.report(openDoors: [Self.rtmp, Self.tunnel])
  }

  @Test func aParticipantIsListedWithAllThatItsSessionsShowed() throws {
    var record = AuditRecordWriter(now: Self.now)
    record.session(
      1, daysAgo: 3, way: "rtmps", room: "board", name: "alice", player: "WIN 11,0,1,152", tls: "1.0",
      audio: ["nellymoser"], video: ["flv1"])
    record.session(2, daysAgo: 0.5, way: "rtmp", room: "board", name: "alice", player: "WIN 32,0,0,1", reorders: true)
    let found = report(of: record)
    let alice = try #require(found.participants.first)
    #expect(found.participants.count == 1)
    #expect(alice.who.text == "board/alice")
    #expect(alice.sessions == 2)
    #expect(alice.ways == ["rtmp", "rtmps"])
    #expect(alice.players == ["WIN 11,0,1,152", "WIN 32,0,0,1"])
    #expect(alice.tls == ["1.0"])
    #expect(alice.audio == ["nellymoser"])
    #expect(alice.video == ["flv1"])
    #expect(found.blockers.map(\.kind) == [.reorderedPictures, .oldTLS])
    #expect([1, 7, 30].map { found.count(lastDays: $0) } == [1, 1, 1])
  }

  @Test func whoIsOnlyConnectedCountsUnderItsAddress() throws {
    var record = AuditRecordWriter(now: Self.now)
    record.connect(1, daysAgo: 2, way: "rtmp", address: "192.0.2.7")
    record.departed(1, daysAgo: 1.9, way: "rtmp", address: "192.0.2.7")
    record.connect(2, daysAgo: 1, way: "rtmp", address: "192.0.2.8")
    #expect(report(of: record).participants.map(\.who.text) == ["192.0.2.8", "192.0.2.7"])
  }

  @Test func aRestartOfTheGatewayEndsItsSessionsAndTheirNumbersBeginAnew() throws {
    var record = AuditRecordWriter(now: Self.now)
    record.connect(1, daysAgo: 2, way: "rtmp", address: "192.0.2.7")
    record.append(.gateway("start"), daysAgo: 1.5)
    record.session(1, daysAgo: 1, way: "rtmp", room: "board", name: "alice")
    let found = report(of: record)
    #expect(found.participants.map(\.who.text) == ["board/alice", "192.0.2.7"])
    #expect(found.participants.map(\.sessions) == [1, 1])
  }

  @Test func aDoorIsSafeToCloseWhenNobodyAskedForSoLongAndTheRecordShowsIt() {
    var record = AuditRecordWriter(now: Self.now)
    record.session(1, daysAgo: 45, way: "rtmpt", listener: Self.tunnel.listener, room: "board", name: "bob")
    record.session(2, daysAgo: 1, way: "rtmp", listener: Self.rtmp.listener, room: "board", name: "alice")
    let found = report(of: record)
    #expect(found.doors.map(\.state) == [.inUse, .safeToClose])
    #expect(found.doors[1].lastUsed != nil)
    #expect(found.doors[1].sessions == 0)
    var short = AuditRecordWriter(now: Self.now)
    short.session(1, daysAgo: 10, way: "rtmp", listener: Self.rtmp.listener, room: "board", name: "alice")
    #expect(report(of: short).doors.map(\.state) == [.inUse, .recordTooShort])
  }

  @Test func whoHidesInATunnelByOldEncryptionUsesTheTunnelsDoor() {
    var record = AuditRecordWriter(now: Self.now)
    record.session(1, daysAgo: 45, way: "rtmp", listener: Self.rtmp.listener, room: "board", name: "alice")
    record.session(2, daysAgo: 1, way: "rtmpte", listener: Self.tunnel.listener, room: "board", name: "bob")
    let found = report(of: record)
    #expect(found.doors.map(\.state) == [.safeToClose, .inUse])
    #expect(found.blockers.map(\.kind).contains(.brokenEncryption))
  }

  @Test func whoIsKeptOutStillNeedsTheDoor() {
    var record = AuditRecordWriter(now: Self.now)
    record.session(1, daysAgo: 45, way: "rtmp", listener: Self.rtmp.listener, room: "board", name: "alice")
    record.denied(daysAgo: 2, way: "rtmpt", listener: Self.tunnel.listener)
    let found = report(of: record)
    #expect(found.doors.map(\.state) == [.safeToClose, .inUse])
    #expect(found.participants.isEmpty)
  }

  @Test func tunnelsAndOldServersAreNamedWithThoseThatNeedThem() {
    var record = AuditRecordWriter(now: Self.now)
    record.session(1, daysAgo: 3, way: "rtmpts", room: "board", name: "bob")
    record.connect(2, daysAgo: 1, way: "rtmp")
    record.join(2, daysAgo: 1, way: "rtmp", room: "board", name: "alice")
    record.differs(2, daysAgo: 1, ForwardedDifference(.call, command: "getRoster", old: "_result", new: "refused"))
    record.departed(2, daysAgo: 0.9, way: "rtmp", room: "board", name: "alice", isShadowed: true)
    let found = report(of: record)
    #expect(
      found.blockers == [
        MigrationReport.Blocker(kind: .oldServer, participants: ["board/alice"]),
        MigrationReport.Blocker(kind: .tunnelOnly, participants: ["board/bob"]),
      ])
    #expect(found.differences.map(\.what.command) == ["getRoster"])
    #expect(found.differences.map(\.participants) == [["board/alice"]])
  }

  /// Audits made by chance, and the same figures counted in another way.
  @Test(arguments: 1...20) func theFiguresAreThoseOfAPlainCount(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var record = AuditRecordWriter(now: Self.now)
    var seen: [String: Double] = [:]
    var sessionsByDay: [Int64: Int] = [:]
    var browsers = 0
    let events = (0..<300).map { _ in Double.random(in: 0..<60, using: &random) }.sorted(by: >)
    for (number, daysAgo) in events.enumerated() {
      let name = "p\(Int.random(in: 0..<40, using: &random))"
      if Int.random(in: 0..<4, using: &random) == 0 {
        record.join(number, daysAgo: daysAgo, way: "webrtc", room: "board", name: name)
        if daysAgo < 30 { browsers += 1 }
      } else {
        record.session(
          number, daysAgo: daysAgo, way: Bool.random(using: &random) ? "rtmp" : "rtmpt", room: "board", name: name)
        // The record of its end comes a minute later.
        seen[name] = min(seen[name] ?? 100, max(0, daysAgo - AuditRecordWriter.stay))
        if daysAgo < 30 { sessionsByDay[record.time(daysAgo).milliseconds / 86_400_000, default: 0] += 1 }
      }
    }
    let found = report(of: record)
    #expect(
      [1, 7, 30].map { found.count(lastDays: $0) }
        == [1, 7, 30].map { days in
          seen.values.count { $0 <= Double(days) }
        })
    for day in found.trend { #expect(day.flashSessions == sessionsByDay[day.day] ?? 0) }
    #expect(found.trend.map(\.browserSessions).reduce(0, +) == browsers)
  }

  @Test func whatClientsSayIsHarmlessOnPagesAndTerminals() throws {
    var record = AuditRecordWriter(now: Self.now)
    record.session(
      1, daysAgo: 1, way: "rtmp", room: "board", name: "<script>alert(1)</script>", player: "\u{1B}[2J\"'&\u{202E}")
    let found = report(of: record)
    #expect(!found.html.contains("<script"))
    #expect(found.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(found.html.contains("&quot;&#39;&amp;"))
    #expect(!found.html.contains("\u{202E}"))
    #expect(!found.text.contains("\u{1B}"))
    let object = try JSONSerialization.jsonObject(with: Data(found.json.text.utf8)) as? [String: Any]
    #expect((object?["participants"] as? [[String: Any]])?.first?["name"] as? String == "<script>alert(1)</script>")
  }

  @Test func withoutARecordTheReportSaysSo() {
    let found = report(of: AuditRecordWriter(now: Self.now))
    #expect(
      found.summary == [
        "0 in the last day, 0 in the last 7 days, 0 in the last 30 days, 0 in all.", "There is no record yet.",
      ])
    #expect(found.doors.map(\.state) == [.recordTooShort, .recordTooShort])
  }

  @Test(arguments: [
    "1970-01-01T00:00:00.000Z", "1972-02-29T23:59:59.999Z", "2000-02-29T12:00:00.001Z", "2026-12-31T23:59:59.000Z",
    "2100-03-01T00:00:00.000Z",
  ])
  func timesAreReadAsTheyAreWritten(text: String) { #expect(LogTime(parsing: text)?.text == text) }

  @Test(arguments: ["", "2026-13-01T00:00:00.000Z", "2026-01-01", "2026-01-01T24:00:00Z"])
  func whatIsNoTimeIsNone(text: String) { #expect(LogTime(parsing: text) == nil) }

  @Test func theFilesOfAnAuditAreReadInTheirOrder() async throws {
    try await AuditFolderStage.with { stage in
      let log = stage.log(largestFile: 600)
      for number in 1...6 {
        let who = AuditRecordWriter.request(number, way: "rtmp", room: "board", name: "p\(number)")
        _ = await log.isRecorded(.session(who, .allowed(Admittance())))
        stage.advance(seconds: 3600)
      }
      #expect(stage.files.count > 1)
      let found = try MigrationReport.read(
        files: stage.files, doors: [], now: LogTime(seconds: 1_800_000_000 + 6 * 3600), days: 30)
      #expect(found.participants.map(\.who.text) == (1...6).reversed().map { "board/p\($0)" })
    }
  }
}
