/// A piece of HTML or XML. What is put in as text comes out as text, whatever it holds.
indirect enum Markup {
  /// Text between tags.
  case text(String)
  /// An element with its attributes, in their order, and what is in it.
  case element(String, [(String, String)], [Markup])
  /// Our own words that are markup already, as a style sheet. Never anything of a capture.
  case verbatim(StaticString)

  /// An element with text in it.
  static func element(_ name: String, _ attributes: [(String, String)], _ text: String) -> Markup {
    .element(name, attributes, [.text(text)])
  }

  /// An element without attributes.
  static func element(_ name: String, _ children: [Markup]) -> Markup { .element(name, [], children) }

  /// Appends what it is written as.
  func write(to out: inout String) {
    switch self {
    case .text(let text): out += Self.escaped(text)
    case .verbatim(let text): out += "\(text)"
    case .element(let name, let attributes, let children):
      out += "<\(name)"
      for (key, value) in attributes { out += " \(key)=\"\(Self.escaped(value))\"" }
      guard !children.isEmpty || !Self.mayBeEmpty.contains(name) else { return out += ">" }
      out += ">"
      for child in children { child.write(to: &out) }
      out += "</\(name)>"
      if Self.endsLine.contains(name) { out += "\n" }
    }
  }

  /// Text in which nothing is markup. Characters that change lines, that move a cursor or turn the direction of writing,
  /// of which XML does not allow all, become their numbers; lines stay lines.
  static func escaped(_ text: String) -> String {
    var result = ""
    var isFirst = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if !isFirst { result += "\n" }
      isFirst = false
      for scalar in ResultToken.line(String(line)).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// HTML's elements that have neither content nor end.
  private static let mayBeEmpty: Set = ["meta", "img", "br", "link"]
  /// So that a report can be looked at and compared line by line.
  private static let endsLine: Set = [
    "h1", "h2", "h3", "h4", "p", "tr", "caption", "thead", "tbody", "table", "style", "title", "head", "section",
    "header",
    "figure", "details", "summary", "ul", "li", "svg", "testcase", "testsuite", "failure", "error", "system-out",
    "properties", "property",
  ]
}
