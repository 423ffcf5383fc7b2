/// Why a worker process is gone. Its tracks go on with a new one.
public struct WorkerLoss: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was seen of it.
  public enum Reason: Sendable, Hashable {
    /// It could not be started, or ended before its first word; what was in the way.
    case notStarted(String)
    /// It ended: crashed, or was killed from outside.
    case ended
    /// It did not answer a command in time.
    case silent
    /// It did not keep to what was agreed on; which rule it broke.
    case breach(String)
  }

  /// What was seen of it.
  public var reason: Reason
  /// Process id, if there was one.
  public var process: Int32?
  /// What it was at work on, if it was at work.
  public var label: TranscodeLabel?

  /// The reason's short name, for metrics.
  public var name: String {
    switch self.reason {
    case .notStarted: "not_started"
    case .ended: "ended"
    case .silent: "silent"
    case .breach: "breach"
    }
  }

  /// One line for a log.
  public var description: String {
    switch self.reason {
    case .notStarted(let obstacle): "a media worker could not be started: \(obstacle)"
    case .ended: "a media worker ended"
    case .silent: "a media worker did not answer in time"
    case .breach(let rule): "a media worker sent what it must not: \(rule)"
    }
  }
}
