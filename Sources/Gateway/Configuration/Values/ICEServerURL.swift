import AccessPolicy

/// The address of a STUN or TURN server, `stun:HOST[:PORT]` or `turn:HOST[:PORT][?transport=udp|tcp]`.
///
/// Browsers refuse a whole peer connection for one address that breaks RFC 7064 section 3.1 or RFC 7065 section 3.1, so
/// it is checked before they get it.
struct ICEServerURL: Sendable, Hashable {
  /// As it was written.
  let text: String
  /// A relay, which wants a user.
  let isTURN: Bool

  /// What a text breaks.
  enum Refusal: Error, Equatable {
    case scheme
    /// `//` belongs to web addresses.
    case slashes
    case host(String)
    case port(String)
    case query(String)
  }

  init(parsing text: String) throws(Refusal) {
    guard let colon = text.firstIndex(of: ":") else { throw .scheme }
    let scheme = text[..<colon].lowercased()
    guard ["stun", "stuns", "turn", "turns"].contains(scheme) else { throw .scheme }
    isTURN = scheme.hasPrefix("turn")
    self.text = text
    let rest = text[text.index(after: colon)...]
    if rest.hasPrefix("//") { throw .slashes }
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count > 1, !isTURN || !["transport=udp", "transport=tcp"].contains(parts[1]) {
      throw .query(String(parts[1]))
    }
    try Self.check(hostAndPort: parts.first ?? "")
  }

  private static func check(hostAndPort: Substring) throws(Refusal) {
    let host: Substring
    let behind: Substring
    if hostAndPort.hasPrefix("[") {
      guard let end = hostAndPort.firstIndex(of: "]") else { throw .host(String(hostAndPort)) }
      host = hostAndPort[hostAndPort.index(after: hostAndPort.startIndex)..<end]
      behind = hostAndPort[hostAndPort.index(after: end)...]
      guard IPAddress(String(host)) != nil, host.contains(":") else { throw .host(String(host)) }
    } else {
      host = hostAndPort.prefix { $0 != ":" }
      behind = hostAndPort[host.endIndex...]
      guard isHostName(host) else { throw .host(String(host)) }
    }
    guard !behind.isEmpty else { return }
    let digits = behind.dropFirst()
    guard behind.hasPrefix(":"), digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = Int(digits), (1...65535).contains(port)
    else { throw .port(String(digits)) }
  }

  /// Labels of letters, digits and hyphens (RFC 1123 section 2.1); an IPv4 address is one too.
  private static func isHostName(_ host: Substring) -> Bool {
    guard host.utf8.count <= 253 else { return false }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.unicodeScalars.allSatisfy {
          $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-")
        }
    }
  }
}
