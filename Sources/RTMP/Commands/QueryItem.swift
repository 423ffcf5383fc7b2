/// `name=value` of a URL's query.
public struct QueryItem: Sendable, Hashable {
  /// What stands before the equals sign, percent-decoded.
  public var name: String
  /// What stands after it, percent-decoded; empty without one.
  public var value: String

  /// An item from its parts.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  /// Splits `text` at its first question mark into what stands before and the items behind.
  static func split(_ text: String) -> (path: String, items: [QueryItem]) {
    guard let mark = text.firstIndex(of: "?") else { return (text, []) }
    let query = text[text.index(after: mark)...].prefix { $0 != "#" }
    // Some clients append a second query to a URL that had one.
    let items = query.split(whereSeparator: { $0 == "&" || $0 == "?" }).prefix(most).map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return QueryItem(name: decode(parts[0]), value: parts.count > 1 ? decode(parts[1]) : "")
    }
    return (String(text[..<mark]), items)
  }

  /// More than any client has; bounds the work.
  private static let most = 64

  /// Percent-decoding (RFC 3986 2.1). Text that is not well encoded is taken as it stands.
  private static func decode(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = ArraySlice(text.utf8)
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return String(text)
      }
      bytes.append(value)
      rest.removeFirst(2)
    }
    return String(validating: bytes, as: UTF8.self) ?? String(text)
  }
}
