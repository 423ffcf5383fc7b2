/// An element of an XML document, for reading configurations.
public struct DocumentElement: Sendable, Hashable {
  /// Its name as it was written.
  public let name: String
  /// Its attributes.
  public let attributes: [String: String]
  /// The text directly in it, without that of its children, without surrounding space.
  public internal(set) var text: String
  /// The elements directly in it.
  public internal(set) var children: [DocumentElement]
  /// The line of its start tag, from 1.
  public let line: Int

  /// The children of a name.
  func children(named name: String) -> [DocumentElement] { children.filter { $0.name == name } }

  /// Calls `visit` for this element and all in it, outer ones first, with those around it, the outermost first.
  func walk(_ around: [DocumentElement] = [], _ visit: (DocumentElement, _ around: [DocumentElement]) -> Void) {
    visit(self, around)
    for child in children { child.walk(around + [self], visit) }
  }
}

/// What a document may be. Checked before memory is taken.
public struct DocumentLimits: Sendable, Hashable {
  /// Bytes of the document. Default 4 MiB.
  public var bytes = 4 << 20
  /// Elements. Default 100 000.
  public var elements = 100_000
  /// Elements inside one another. Default 64.
  public var depth = 64

  /// The defaults.
  public init() {}
}

/// Why a document cannot be read.
public enum DocumentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// It is longer than `limit` bytes.
  case tooLarge(limit: Int)
  /// It has more than `limit` elements.
  case tooManyElements(limit: Int)
  /// More than `limit` elements are inside one another.
  case tooDeep(limit: Int)
  /// It declares entities: nothing of what is read here needs them, and they serve attacks.
  case entities
  /// It is neither UTF-8 nor Latin-1.
  case encoding
  /// It is not well-formed.
  case malformed(line: Int)

  /// What is wrong and what to do, in one line.
  public var description: String {
    switch self {
    case .tooLarge(let limit): "the document is larger than \(limit) bytes"
    case .tooManyElements(let limit): "the document has more than \(limit) elements"
    case .tooDeep(let limit): "more than \(limit) elements are inside one another"
    case .entities: "the document declares entities: remove <!ENTITY ...>"
    case .encoding: "the document is neither UTF-8 nor Latin-1: save it as UTF-8"
    case .malformed(let line): "line \(line): not well-formed XML"
    }
  }
}
