/// A `domain` of a cross-domain policy: an exact host, an address, `*.suffix`, or `*` (Adobe's specification 2.0).
public enum DomainPattern: Sendable, Hashable, CustomStringConvertible {
  /// Every domain.
  case any
  /// The domain and all below it: `*.example.com` is `example.com` too.
  case suffix(String)
  /// This host alone; an address only matches pages that were loaded by it.
  case host(String)

  /// Reads a pattern; nil if the specification has no such thing. Case does not matter.
  public init?(parsing text: String) {
    let text = text.lowercased()
    if text == "*" {
      self = .any
    } else if text.hasPrefix("*.") {
      let suffix = String(text.dropFirst(2))
      // No wildcards in addresses.
      guard Self.isHost(suffix), suffix.contains(where: { $0.isLetter }) else { return nil }
      self = .suffix(suffix)
    } else {
      let address = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
      guard Self.isHost(text) || IPAddress(address) != nil else { return nil }
      self = .host(text)
    }
  }

  /// Whether a host, as it stands in an address bar, is meant.
  public func matches(_ host: String) -> Bool {
    let host = host.lowercased()
    switch self {
    case .any: return true
    case .suffix(let suffix): return host == suffix || host.hasSuffix(".\(suffix)")
    case .host(let name): return host == name
    }
  }

  /// As it is written.
  public var description: String {
    switch self {
    case .any: "*"
    case .suffix(let suffix): "*.\(suffix)"
    case .host(let host): host
    }
  }

  /// Labels of letters, digits, hyphens and underscores.
  private static func isHost(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count)
        && label.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
          default: false
          }
        }
    }
  }
}
