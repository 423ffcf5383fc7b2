extension Anonymization {
  /// A text that may be anybody's name.
  func name(_ text: String) -> String {
    guard replaces(.names), !text.isEmpty else { return text }
    return pseudonyms.pseudonym(of: text, .name)
  }

  /// An access key.
  func key(_ text: String) -> String { text.isEmpty ? text : pseudonyms.pseudonym(of: text, .key) }

  /// A stream's name: perhaps with the kind of file before it (`mp4:`), and a query behind it.
  func streamName(_ text: String) -> String {
    let (name, query) = Self.split(text, at: "?")
    let kind = Self.fileKinds.first { name.hasPrefix($0) } ?? ""
    return kind + self.name(String(name.dropFirst(kind.count))) + self.query(query)
  }

  /// An application, whose parts the configuration may map to a room: each part by itself.
  func application(_ text: String) -> String {
    let (path, query) = Self.split(text, at: "?")
    return path.split(separator: "/", omittingEmptySubsequences: false).map { name(String($0)) }.joined(separator: "/")
      + self.query(query)
  }

  /// An address: its scheme and its port stay, its path is an application's.
  func url(_ text: String, isApplication: Bool) -> String {
    let (whole, query) = Self.split(text, at: "?")
    guard let mark = whole.range(of: "://") else {
      return replaces(.urls) ? application(text) : whole + self.query(query)
    }
    let rest = whole[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    let path = String(rest.dropFirst(authority.count))
    let host = replaces(.urls) ? self.host(String(authority)) : String(authority)
    // The path of a tcUrl must stay the application's, whatever becomes of either.
    let isReplaced = isApplication ? replaces(.names) : replaces(.urls)
    return whole[..<mark.upperBound] + host + (isReplaced ? hidden(path) : path) + self.query(query)
  }

  private func hidden(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : pseudonyms.pseudonym(of: String($0), .name) }.joined(separator: "/")
  }

  /// `host-5f0e2c9a1b.example:1935`; a user and password before the host go.
  private func host(_ authority: String) -> String {
    let plain = authority.split(separator: "@").last.map(String.init) ?? ""
    guard let colon = plain.lastIndex(of: ":"), !plain.hasSuffix("]") else {
      return plain.isEmpty ? "" : pseudonyms.pseudonym(of: plain.lowercased(), .host) + ".example"
    }
    return pseudonyms.pseudonym(of: plain[..<colon].lowercased(), .host) + ".example" + plain[colon...]
  }

  /// Keys go whatever is kept; other values are names.
  private func query(_ text: String) -> String {
    guard !text.isEmpty else { return "" }
    let items = text.dropFirst().split(separator: "&", omittingEmptySubsequences: false).map { item in
      let (name, value) = Self.split(String(item), at: "=")
      guard !value.isEmpty else { return String(item.isEmpty ? "" : self.name(name)) }
      let plain = String(value.dropFirst())
      return name + "=" + (Self.isSecret(name) ? key(plain) : self.name(plain))
    }
    return "?" + items.joined(separator: "&")
  }

  /// The names under which secrets travel.
  static func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return secretWords.contains { name.contains($0) }
  }

  private static let secretWords = ["key", "token", "secret", "pass", "pwd", "auth", "sig", "hash", "ticket"]
  private static let fileKinds = ["mp4:", "flv:", "mp3:", "f4v:", "raw:", "amf:"]

  /// What stands before a character, and the rest from it on.
  private static func split(_ text: String, at mark: Character) -> (String, String) {
    let index = text.firstIndex(of: mark) ?? text.endIndex
    return (String(text[..<index]), String(text[index...]))
  }
}
