/// One thing wrong with a list: where, what, and what to do.
public struct ListProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// What can be wrong.
  public enum Reason: Sendable, Hashable {
    /// The line is no entry; its text may be cut.
    case entry(ListEntry.Refusal, text: String)
    /// The line is longer than `limit` bytes.
    case lineTooLong(limit: Int)
    /// The list has more than `limit` entries.
    case tooManyEntries(limit: Int)
    /// The file is larger than `limit` bytes.
    case fileTooLarge(limit: Int)
    /// The folder has more than `limit` files.
    case tooManyFiles(limit: Int)
    /// The file or folder could not be read; the system's words.
    case unreadable(String)
  }

  /// The file as it was named.
  public let file: String
  /// From 1; nil for what is wrong with the whole file.
  public let line: Int?
  /// From 1, in bytes.
  public let column: Int
  /// What is wrong.
  public let reason: Reason

  /// One thing wrong with a file.
  public init(file: String, line: Int? = nil, column: Int = 1, reason: Reason) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// What is wrong and what to do, in one line.
  public var message: String {
    switch reason {
    case .entry(let refusal, let text): "\"\(text)\" is no entry of a list: \(refusal)"
    case .lineTooLong(let limit): "the line is longer than \(limit) bytes: one entry a line"
    case .tooManyEntries(let limit): "the list has more than \(limit) entries: join neighbours into blocks"
    case .fileTooLarge(let limit): "the file is larger than \(limit) bytes: split it"
    case .tooManyFiles(let limit): "the folder has more than \(limit) files: join some"
    case .unreadable(let words): "cannot read the list: \(words): make it readable or name another file"
    }
  }

  /// `file:line:column: what is wrong and what to do`
  public var description: String { "\(file):\(line ?? 1):\(column): \(message)" }
}

/// All that is wrong with the files of a list; at least one.
public struct ListProblems: Error, Sendable, Hashable, CustomStringConvertible {
  /// In the order of the files, no more than ``ListLimits/problems``.
  public let problems: [ListProblem]

  /// One line for each problem.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
