import Yams

/// What the reading of one file shares: where it stands, what its secrets may be taken from, all that is wrong so far.
final class ConfigurationReader {
  let file: String
  let environment: [String: String]
  /// When the file is read, in seconds since 1970-01-01 00:00 UTC: certificates are valid at a time.
  let now: Int64
  /// Whether certificates and keys are looked at. Rules of access are read anew without them: a broken certificate must
  /// not keep a list's change from taking effect.
  let checksCertificates: Bool
  private(set) var problems: [ConfigurationProblem] = []

  /// Keys that were blanked because the same key follows in the same mapping: the blank, then the real name.
  var blankedKeys: [String: String] = [:]

  init(file: String, environment: [String: String], now: Int64, checksCertificates: Bool = true) {
    self.file = file
    self.environment = environment
    self.now = now
    self.checksCertificates = checksCertificates
  }

  func report(_ problem: ConfigurationProblem) {
    // An alias repeats a node, and with it its problems; once is enough.
    if !problems.contains(problem) { problems.append(problem) }
  }

  func position(_ mark: Mark?) -> SourcePosition {
    mark.map { SourcePosition(file: file, line: max($0.line, 1), column: max($0.column, 1)) }
      ?? SourcePosition(file: file)
  }

  /// A path of the file, relative to the file's folder.
  func resolve(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return String(file[...slash]) + path
  }
}
