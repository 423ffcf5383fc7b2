import Logging
import Synchronization

@testable import Gateway

/// Keeps the lines that a logger wrote.
final class LoggedLines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  func logger(_ format: LogConfiguration.Format, level: Logger.Level = .info) -> Logger {
    Logger(label: "test") { _ in
      LineLogHandler(
        LogConfiguration(level: level, format: format), now: { LogTime(milliseconds: 1_767_225_599_042) },
        sink: { line in self.lines.withLock { $0.append(line) } })
    }
  }
}
