import AccessPolicy

/// An IP address and a TCP port to listen on, written `127.0.0.1:9090` or `[::1]:9090`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  let ip: IPAddress
  /// 1 to 65535; 0 (any free port) only in configurations made in code.
  public let port: Int

  /// The IP address as text, without brackets.
  public var host: String { ip.description }
  /// Reached from this machine only.
  public var isLoopback: Bool { ip.isLoopback }

  init(ip: IPAddress, port: Int) {
    self.ip = ip
    self.port = port
  }

  /// Reads `ADDRESS:PORT`; IPv6 stands in brackets.
  init(parsing text: String) throws(Refusal) {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
      throw IPAddress(text) == nil ? .malformed : .noPort
    }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw IPAddress(text) == nil && IPAddress(String(host)) == nil ? .malformed : .noBrackets
    }
    guard let ip = IPAddress(String(host)), isBracketed == host.contains(":") else { throw .notAnAddress(String(host)) }
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw .malformed
    }
    guard let port = Int(digits), (1...65535).contains(port) else { throw .portOutOfRange(String(digits)) }
    self.init(ip: ip, port: port)
  }

  /// Why a text is no address to listen on.
  enum Refusal: Error, Equatable {
    case malformed, noPort, noBrackets
    case notAnAddress(String)
    case portOutOfRange(String)
  }

  /// `ADDRESS:PORT`, IPv6 in brackets.
  public var description: String { ip.isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }

  /// The kernel gives an address and port to one listener only, and a wildcard address covers all of its family;
  /// the IPv6 wildcard covers IPv4 too.
  func overlaps(_ other: ListenAddress) -> Bool {
    guard port == other.port else { return false }
    if ip == other.ip { return true }
    func covers(_ wide: IPAddress, _ narrow: IPAddress) -> Bool {
      wide.isWildcard && (wide.isIPv6 || !narrow.isIPv6)
    }
    return covers(ip, other.ip) || covers(other.ip, ip)
  }
}
