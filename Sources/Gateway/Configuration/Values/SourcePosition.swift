/// A place in a configuration file, written `file:line:column` as editors understand it.
public struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
  /// The file as the operator named it.
  public let file: String
  /// From 1.
  public let line: Int
  /// From 1, in Unicode scalars.
  public let column: Int

  init(file: String, line: Int = 1, column: Int = 1) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Of values that no file gave: configurations made in code.
  public static let code = SourcePosition(file: "(none)")

  /// `file:line:column`
  public var description: String { "\(file):\(line):\(column)" }
}

/// A value and where it was written, for problems that only show when it is used.
public struct Located<Value: Sendable & Equatable>: Sendable, Equatable {
  /// The value.
  public var value: Value
  /// Where it was written; where its section or the file starts if it is a default.
  public var position: SourcePosition

  /// A value and where it was written.
  public init(_ value: Value, at position: SourcePosition = .code) {
    self.value = value
    self.position = position
  }
}
