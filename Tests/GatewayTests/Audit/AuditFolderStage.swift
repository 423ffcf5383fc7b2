import Foundation
import Synchronization

@testable import Gateway

/// An audit in a temporary folder, at a time that the test sets.
final class AuditFolderStage: Sendable {
  let path: String
  let news = Mutex<[AuditNews]>([])
  private let time = Mutex(LogTime(seconds: 1_800_000_000))

  static func with(_ body: (AuditFolderStage) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(AuditFolderStage(path: folder.path + "/audit.jsonl"))
  }

  private init(path: String) { self.path = path }

  func log(largestFile: Int = 64 << 20, mostWaiting: Int = 10_000, keep: Duration = .seconds(400 * 86_400)) -> AuditLog
  {
    var settings = AuditLog.Settings(path: path, keep: keep)
    settings.largestFile = largestFile
    settings.mostWaiting = mostWaiting
    settings.retry = .milliseconds(10)
    return AuditLog(
      settings: settings, now: { self.time.withLock { $0 } }, tell: { news in self.news.withLock { $0.append(news) } })
  }

  func advance(seconds: Int64) { time.withLock { $0 = LogTime(seconds: $0.seconds + seconds) } }

  /// Writes that many events and waits for them; the audit lets go of its file.
  func write(_ count: Int, largestFile: Int = 64 << 20) async {
    let log = log(largestFile: largestFile)
    for number in 0..<count { _ = await log.isRecorded(.admin("act", subject: "\(number)", actor: "test")) }
  }

  var files: [String] { AuditReading.files(of: path) }

  func bytes(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file))) }

  func overwrite(_ file: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: file)) }

  func verify() throws -> AuditFinding { try AuditReading.verify(files) }
}
