import Glibc
import Logging

/// Sets up the log of the process: every `Logger` writes lines to standard error from then on.
public enum GatewayLogging {
  /// May be called once in a process, before the first `Logger` is made.
  public static func bootstrap(_ configuration: LogConfiguration) {
    level.change(to: configuration.level)
    LoggingSystem.bootstrap { [level] _ in LineLogHandler(configuration, level: level, sink: writeToStandardError) }
  }

  /// From now on every `Logger` writes lines of this level and above.
  static func change(to new: Logger.Level) { level.change(to: new) }

  private static let level = LogLevel(.info)

  /// One system call for a line, so that the lines of several threads do not mix. A line that cannot be written is
  /// lost: there is no place left to say so.
  private static func writeToStandardError(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = write(
          STDERR_FILENO, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
