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

/// All that is wrong with a configuration, in the order of the file.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// At least one.
  public let problems: [ConfigurationProblem]

  /// Sorts by line and column.
  public init(problems: [ConfigurationProblem]) {
    self.problems = problems.enumerated().sorted { left, right in
      let (a, b) = (left.element.position, right.element.position)
      return (a.line, a.column, left.offset) < (b.line, b.column, right.offset)
    }.map(\.element)
  }

  /// One thing wrong at `position`: for what shows only when the value is used, such as a port in use.
  public init(at position: SourcePosition, _ message: String) {
    self.init(problems: [ConfigurationProblem(at: position, message)])
  }

  /// One line for each problem.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
