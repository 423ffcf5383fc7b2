import Glibc
import Logging

/// Sets up the log of the process: every `Logger` writes lines to standard error from then on.
public enum GatewayLogging {
  /// May be called once in a process, before the first `Logger` is made.
  public static func bootstrap(_ configuration: LogConfiguration) {
    LoggingSystem.bootstrap { _ in LineLogHandler(configuration, sink: writeToStandardError) }
  }

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
