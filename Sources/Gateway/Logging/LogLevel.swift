import Logging
import Synchronization

/// The level of a process's log, which may change while it runs: read for each line without a lock.
final class LogLevel: Sendable {
  /// By their order among `Logger.Level.allCases`.
  private let index: Atomic<Int>

  init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

  var current: Logger.Level {
    let all = Logger.Level.allCases
    let index = index.load(ordering: .relaxed)
    return all.indices.contains(index) ? all[index] : .info
  }

  func change(to level: Logger.Level) { index.store(Self.index(of: level), ordering: .relaxed) }

  private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
