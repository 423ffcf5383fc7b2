/// One thing wrong with a configuration: where, what, and what to do.
public struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where to look.
  public let position: SourcePosition
  /// What is wrong and what to do, in one line.
  public let message: String

  /// One thing wrong at `position`.
  public init(at position: SourcePosition, _ message: String) {
    self.position = position
    self.message = message
  }

  /// `file:line:column: what is wrong and what to do`
  public var description: String { "\(position): \(message)" }
}

/// All that is wrong with a configuration and the files it names, file by file in their order.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// At least one.
  public let problems: [ConfigurationProblem]

  /// Sorts by line and column within each file; the files stay in the order in which they first come.
  public init(problems: [ConfigurationProblem]) {
    var files: [String: Int] = [:]
    for problem in problems where files[problem.position.file] == nil { files[problem.position.file] = files.count }
    self.problems = problems.enumerated().sorted { left, right in
      let (a, b) = (left.element.position, right.element.position)
      return (files[a.file] ?? 0, a.line, a.column, left.offset) < (files[b.file] ?? 0, b.line, b.column, right.offset)
    }.map(\.element)
  }

  /// One thing wrong at `position`: for what shows only when the value is used, such as a port in use.
  public init(at position: SourcePosition, _ message: String) {
    self.init(problems: [ConfigurationProblem(at: position, message)])
  }

  /// One line for each problem.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
