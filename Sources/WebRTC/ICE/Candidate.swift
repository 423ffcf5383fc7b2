import NIOCore

/// An ICE candidate as a line of a description (RFC 8839 section 5.1).
public struct Candidate: Hashable, Sendable {
  /// Candidates with the same base, type and server share it; 1 to 32 characters.
  public var foundation: String
  /// 1 is RTP; with rtcp-mux there is no other.
  public var component: UInt16
  /// `udp` or `tcp`, lower case.
  public var transport: String
  /// Larger is better.
  public var priority: UInt32
  /// An IP address, or a name ending in `.local`.
  public var address: String
  /// 0 to 65535; 9 for active TCP, which has none.
  public var port: UInt16
  /// `host`, `srflx`, `prflx` or `relay`.
  public var type: String
  /// Name and value pairs after the type, kept as they came.
  public var extensions: String

  /// A host candidate of ours: an address that peers can reach and the one UDP port. `preference` orders several,
  /// 65535 first.
  public static func host(address: String, port: UInt16, preference: UInt16 = .max) -> Candidate {
    // RFC 8445 section 5.1.2.1: type preference 126 for host, component 1.
    Candidate(
      foundation: String(UInt32(UInt16.max - preference) + 1), component: 1, transport: "udp",
      priority: 126 << 24 | UInt32(preference) << 8 | 255, address: address, port: port, type: "host", extensions: "")
  }

  /// A passive TCP candidate (RFC 6544): an address and port where we listen, for peers whose UDP does not come through.
  /// It comes after every UDP candidate. `preference` orders several, 8191 first.
  public static func passiveTCP(address: String, port: UInt16, preference: UInt16 = 8191) -> Candidate {
    // RFC 6544 section 4.2: below all UDP types, and among host candidates passive has direction preference 4.
    let local = 4 << 13 | UInt32(min(preference, 8191))
    return Candidate(
      foundation: "tcp\(8192 - min(preference, 8191))", component: 1, transport: "tcp",
      priority: 90 << 24 | local << 8 | 255, address: address, port: port, type: "host", extensions: "tcptype passive")
  }
}

extension Candidate {
  /// The value after `a=candidate:`, nil if it does not follow the grammar.
  init?(line: Substring) {
    let words = line.words(atMost: 9)
    guard words.count >= 8, words[6] == "typ", let component = UInt16(words[1]), let priority = UInt32(words[3]),
      let port = UInt16(words[5]), (1...32).contains(words[0].utf8.count)
    else { return nil }
    self.init(
      foundation: String(words[0]), component: component, transport: words[2].lowercased(), priority: priority,
      address: String(words[4]), port: port, type: String(words[7]),
      extensions: words.count > 8 ? String(words[8]) : "")
  }

  /// The value after `a=candidate:`.
  var line: String {
    let start = "\(self.foundation) \(self.component) \(self.transport) \(self.priority) \(self.address) \(self.port)"
    return start + " typ \(self.type)" + (self.extensions.isEmpty ? "" : " " + self.extensions)
  }

  /// `IP4` or `IP6`, for a connection line.
  var addressType: String { self.address.contains(":") ? "IP6" : "IP4" }
}
