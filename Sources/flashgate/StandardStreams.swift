import Foundation

/// Standard output for results, standard error for everything else.
enum StandardStreams {
  /// Writes a line to standard error.
  static func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
