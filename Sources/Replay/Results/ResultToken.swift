/// Words and quoted texts, of which the lines of a result's text are made.
enum ResultToken {
  /// The text in quotation marks, on one line, whatever it holds.
  static func quoted(_ text: some StringProtocol) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      default: result += isPlain(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result + "\""
  }

  /// A text that is one line already, with nothing in it that could move a terminal's cursor.
  static func line(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy(isPlain) else { return text }
    return text.unicodeScalars.map { isPlain($0) ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
  }

  /// The words of a line: quoted texts, and what spaces part; nil when a quotation has no end or holds what it may not.
  static func words(of line: Substring) -> [String]? {
    var words: [String] = []
    var rest = line.unicodeScalars[...]
    while true {
      rest = rest.drop { $0 == " " }
      guard let first = rest.first else { return words }
      if first == "\"" {
        guard let text = takeQuoted(&rest) else { return nil }
        words.append(text)
      } else {
        let word = rest.prefix { $0 != " " }
        words.append(String(word))
        rest = rest[word.endIndex...]
      }
    }
  }

  private static func takeQuoted(_ rest: inout Substring.UnicodeScalarView) -> String? {
    rest.removeFirst()
    var text = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"": return String(text)
      case "\\":
        guard let escaped = takeEscaped(&rest) else { return nil }
        text.append(escaped)
      default: text.append(scalar)
      }
    }
    return nil
  }

  private static func takeEscaped(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
    guard let scalar = rest.popFirst() else { return nil }
    guard scalar == "u" else { return scalar }
    let digits = rest.dropFirst().prefix { $0 != "}" }
    guard rest.first == "{", digits.count <= 6, digits.endIndex < rest.endIndex else { return nil }
    rest = rest[digits.endIndex...].dropFirst()
    return UInt32(String(digits), radix: 16).flatMap(Unicode.Scalar.init)
  }

  /// Neither a control character nor one that changes lines or the direction of writing.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }
}
