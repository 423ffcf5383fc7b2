/// The `name=value;...` form that most payload formats give their `a=fmtp` lines. Names compare without case.
struct FormatParameters {
  private let pairs: [(name: String, value: String)]

  init(_ text: String) {
    self.pairs = text.split(separator: ";").map { item in
      let parts = item.split(separator: "=", maxSplits: 1)
      let name = parts.first.map { Self.trimmed($0) } ?? ""
      return (name.lowercased(), parts.count > 1 ? Self.trimmed(parts[1]) : "")
    }
  }

  subscript(name: String) -> String? {
    self.pairs.first { $0.name == name }?.value
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
