import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct AuditTests {
  @Test func aChainOfSeveralFilesAndRunsHolds() async throws {
    try await AuditFolderStage.with { stage in
      await stage.write(20, largestFile: 2000)
      await stage.write(5)
      #expect(stage.files.count > 2)
      let finding = try stage.verify()
      #expect(finding.first == 1)
      #expect(finding.records == finding.last)
      #expect(finding.notes.isEmpty)
      // In whatever order they are named.
      #expect(try AuditReading.verify(stage.files.reversed()) == finding)
      // A seal's hash is told, so that it stands elsewhere too.
      let sealed = stage.news.withLock { all in
        all.compactMap { news in if case .sealed(let file, _) = news { file } else { nil } }
      }
      #expect(sealed == Array(stage.files.dropLast()))
    }
  }

  @Test(arguments: ["", ".", "..", "/", "./", "nowhere/", "nowhere/audit.jsonl"])
  func aPathThatHoldsNoAuditHasNoFiles(path: String) {
    #expect(AuditFolder.sealed(of: path) == [])
  }

  @Test func everySingleByteThatIsChangedIsFound() async throws {
    try await AuditFolderStage.with { stage in
      await stage.write(8, largestFile: 1200)
      var random = SystemRandomNumberGenerator()
      let files = try stage.files.map { (path: $0, bytes: try stage.bytes($0)) }
      var found = 0
      for _ in 0..<1000 {
        guard let file = files.randomElement(using: &random) else { return }
        var bytes = file.bytes
        let index = Int.random(in: bytes.indices, using: &random)
        let old = bytes[index]
        while bytes[index] == old { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
        try stage.overwrite(file.path, bytes)
        #expect(throws: AuditBreak.self, "byte \(index) of \(file.path): \(old) to \(bytes[index])") {
          _ = try stage.verify()
        }
        found += 1
        try stage.overwrite(file.path, file.bytes)
      }
      #expect(found == 1000)
      _ = try stage.verify()
    }
  }

  @Test func cutsReorderingsRepetitionsAndMissingFilesAreFound() async throws {
    try await AuditFolderStage.with { stage in
      await stage.write(20, largestFile: 2000)
      await stage.write(3)
      let files = stage.files
      for (number, file) in files.enumerated() {
        let whole = try stage.bytes(file)
        let lines = whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).map { Array($0) + [10] }
        func isFound(_ changed: [[UInt8]], _ what: String) throws {
          try stage.overwrite(file, Array(changed.joined()))
          #expect(throws: AuditBreak.self, "\(what) in file \(number)") { _ = try stage.verify() }
          try stage.overwrite(file, whole)
        }
        for index in lines.indices {
          var changed = lines
          changed.remove(at: index)
          try isFound(changed, "line \(index) taken out")
          try isFound(Array(lines[..<index]), "all from line \(index) cut off")
          try isFound(lines + [lines[index]], "line \(index) repeated")
          if index > 0 {
            changed = lines
            changed.swapAt(index, index - 1)
            try isFound(changed, "lines \(index - 1) and \(index) exchanged")
          }
        }
        try isFound([Array(whole.dropLast())], "the last line end cut off")
        if number > 0, number < files.count - 1 {
          #expect(throws: AuditBreak.self) { _ = try AuditReading.verify(files.filter { $0 != file }) }
        }
      }
      _ = try stage.verify()
      let rest = try AuditReading.verify(Array(files.dropFirst()))
      #expect(rest.notes.count == 1, "a beginning that is not there is told")
    }
  }

  @Test func aTornEndIsCutOffAndSaidAndRecordsThatWereTakenAwayAreMissed() async throws {
    try await AuditFolderStage.with { stage in
      await stage.write(3)
      let whole = try stage.bytes(stage.path)
      try stage.overwrite(stage.path, whole + Array("{\"seq\":5,\"ti".utf8))
      #expect(throws: AuditBreak.self) { _ = try stage.verify() }
      await stage.write(1)
      var finding = try stage.verify()
      #expect(finding.last == 6)
      #expect(finding.notes.count == 1)
      // The last two records are gone, and the gateway starts again: they stay missed.
      let now = try stage.bytes(stage.path)
      let lines = now.split(separator: UInt8(ascii: "\n"))
      try stage.overwrite(stage.path, Array(lines.dropLast(2).map { Array($0) + [10] }.joined()))
      await stage.write(1)
      finding = try stage.verify()
      #expect(finding.notes.count == 1)
      #expect(String(decoding: try stage.bytes(stage.path), as: UTF8.self).contains("\"lost_records\":2"))
    }
  }

  @Test func aFileIsSealedAtTheEndOfItsDayAndRemovedWhenItsTimeIsOver() async throws {
    try await AuditFolderStage.with { stage in
      let log = stage.log(keep: .seconds(0))
      #expect(await log.isRecorded(.gateway("start")))
      stage.advance(seconds: 86_400)
      #expect(await log.isRecorded(.gateway("stop")))
      #expect(stage.files.count == 1, "sealed, and removed at once")
      let finding = try stage.verify()
      #expect(finding.first > 1)
      #expect(stage.news.withLock { $0 }.count == 2)
    }
  }

  @Test func whileTheDiskFailsNobodyIsToldThatARecordStandsAndAllIsWrittenLater() async throws {
    try await AuditFolderStage.with { stage in
      // No such folder yet.
      let real = stage.path
      let folder = (real as NSString).deletingLastPathComponent
      try FileManager.default.removeItem(atPath: folder)
      let log = stage.log(mostWaiting: 3)
      #expect(await log.isRecorded(.gateway("start")) == false)
      for _ in 0..<4 { log.record(.admin("act", actor: "test")) }
      #expect(await log.isRecorded(.gateway("stop")) == false)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      while await log.isRecorded(.admin("late", actor: "test")) == false { await Task.yield() }
      let finding = try stage.verify()
      #expect(finding.notes.contains { $0.contains("lost") })
      let news = stage.news.withLock { $0 }
      guard case .failing = news.first else { return #expect(Bool(false), "\(news)") }
      #expect(news.last == .works)
    }
  }

  @Test func manyWritersAtOnceMakeOneChain() async throws {
    try await AuditFolderStage.with { stage in
      let log = stage.log()
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          group.addTask {
            for turn in 0..<200 { log.record(.admin("act", subject: "\(number) \(turn)", actor: "test")) }
            #expect(await log.isRecorded(.admin("done", actor: "test")))
          }
        }
      }
      let finding = try stage.verify()
      #expect(finding.records == 1 + 8 * 201)
    }
  }

  @Test func theTableHasWhatTheRecordsHaveAndNoFormulas() async throws {
    try await AuditFolderStage.with { stage in
      let log = stage.log()
      _ = await log.isRecorded(
        AuditEvent(.session, [.init("decision", "denied"), .init("name", "=cmd|' /C calc'!A0,\"x\""), .init("odd", 7)]))
      stage.advance(seconds: 60)
      _ = await log.isRecorded(.gateway("stop"))
      var table = ""
      _ = try AuditReading.export(stage.files, from: nil, to: nil) { table += $0 }
      let rows = table.split(separator: "\r\n")
      #expect(rows.count == 4)
      #expect(rows[2].contains("\"'=cmd|' /C calc'!A0,\"\"x\"\"\""))
      #expect(rows[2].hasSuffix(",odd=7"))
      table = ""
      _ = try AuditReading.export(
        stage.files, from: LogTime(seconds: 1_800_000_001).text, to: nil
      ) { table += $0 }
      #expect(table.split(separator: "\r\n").count == 2)
    }
  }
}
