import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

extension DocumentElement {
  /// Reads an XML document. Nothing outside of it is looked at, and nothing in it is expanded.
  public init(
    reading bytes: some Collection<UInt8>, limits: DocumentLimits = DocumentLimits()
  ) throws(DocumentError) {
    guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let text = try Self.text(of: bytes)
    if text.contains("<!ENTITY") { throw .entities }
    let reader = DocumentReader(limits: limits)
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldResolveExternalEntities = false
    parser.externalEntityResolvingPolicy = .never
    parser.delegate = reader
    let isWhole = parser.parse()
    if let error = reader.error { throw error }
    guard isWhole, parser.parserError == nil, let root = reader.root else {
      throw .malformed(line: max(parser.lineNumber, 1))
    }
    self = root
  }

  /// The document in UTF-8 without its declaration, which could name an encoding that hides what is looked for.
  private static func text(of bytes: some Collection<UInt8>) throws(DocumentError) -> String {
    let head = String(decoding: bytes.prefix(200), as: UTF8.self).lowercased()
    let isLatin1 = head.contains("iso-8859-1") || head.contains("windows-1252")
    var text: String
    if let utf8 = String(validating: bytes, as: UTF8.self) {
      text = utf8
    } else if isLatin1 {
      text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    } else {
      throw .encoding
    }
    if text.unicodeScalars.contains("\0") { throw .encoding }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    if text.hasPrefix("<?xml"), let end = text.range(of: "?>") {
      // Its line ends stay, for the places in problems.
      let lines = text[..<end.lowerBound].filter(\.isNewline)
      text = lines + text[end.upperBound...]
    }
    return text
  }
}

/// Builds the tree; stops the parser at the first limit.
private final class DocumentReader: NSObject, XMLParserDelegate {
  private(set) var root: DocumentElement?
  private(set) var error: DocumentError?
  private let limits: DocumentLimits
  private var open: [DocumentElement] = []
  private var elements = 0

  init(limits: DocumentLimits) {
    self.limits = limits
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements += 1
    if root != nil { return stop(parser, .malformed(line: max(parser.lineNumber, 1))) }
    guard elements <= limits.elements else { return stop(parser, .tooManyElements(limit: limits.elements)) }
    guard open.count < limits.depth else { return stop(parser, .tooDeep(limit: limits.depth)) }
    open.append(
      DocumentElement(name: name, attributes: attributes, text: "", children: [], line: max(parser.lineNumber, 1)))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += text
  }

  func parser(_ parser: XMLParser, foundCDATA block: Data) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += String(decoding: block, as: UTF8.self)
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    guard var element = open.popLast() else { return }
    element.text = element.text.trimmingCharacters(in: .whitespacesAndNewlines)
    if open.isEmpty {
      root = element
    } else {
      open[open.count - 1].children.append(element)
    }
  }

  func parser(_ parser: XMLParser, foundInternalEntityDeclarationWithName name: String, value: String?) {
    stop(parser, .entities)
  }

  func parser(
    _ parser: XMLParser, foundExternalEntityDeclarationWithName name: String, publicID: String?, systemID: String?
  ) {
    stop(parser, .entities)
  }

  private func stop(_ parser: XMLParser, _ error: DocumentError) {
    if self.error == nil { self.error = error }
    parser.abortParsing()
  }
}
