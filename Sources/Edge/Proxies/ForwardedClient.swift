import AccessPolicy
import HTTPTypes
import NIOCore

/// Whose word is taken about whom an HTTP request comes from.
public struct ForwardedTrust: Sendable, Hashable {
  /// The fields that proxies add to requests.
  public enum Field: String, Sendable, Hashable, CaseIterable {
    /// The customary list of addresses.
    case xForwardedFor = "x-forwarded-for"
    /// RFC 7239.
    case forwarded
  }

  /// The proxies that are believed.
  public var proxies: TrustedProxies
  /// The field that they set. Nil: either; a request in which the two disagree is refused then, for a proxy that sets
  /// one of them lets the client write the other.
  public var field: Field?

  /// Believes `proxies`.
  public init(proxies: TrustedProxies, field: Field? = nil) {
    self.proxies = proxies
    self.field = field
  }
}

/// Finds the client of a request that came through proxies: the nearest hop that is not trusted.
///
/// The last address of a list was written by the proxy that is connected to us, of the client it saw. What stands
/// before the nearest untrusted hop was written by strangers, and is not even read.
struct ForwardedClient: Hashable {
  /// The client's address, the connection's own if no trusted proxy says otherwise.
  var address: SocketAddress
  /// Fields of peers that are not trusted.
  var ignored: Set<ForwardedTrust.Field> = []
  /// The field that told the address.
  var told: ForwardedTrust.Field?

  /// - Parameters:
  ///   - peer: the connection's other end, or the client that a PROXY header told.
  ///   - trust: nil when no proxy is trusted on this listener.
  /// - Throws: ``ForwardedError`` when a trusted proxy's field cannot be understood.
  static func find(
    in fields: HTTPFields, peer: SocketAddress, trust: ForwardedTrust?
  ) throws(ForwardedError) -> ForwardedClient {
    var client = ForwardedClient(address: peer)
    guard let trust, trust.proxies.contains(peer) else {
      client.ignored = Set(ForwardedTrust.Field.allCases.filter { fields.contains($0.name) })
      return client
    }
    for field in ForwardedTrust.Field.allCases where fields.contains(field.name) {
      guard trust.field == nil || trust.field == field else {
        client.ignored.insert(field)
        continue
      }
      guard let address = try nearest(of: fields[values: field.name], by: field, trust.proxies) else { continue }
      guard client.told == nil || IPAddress(client.address) == IPAddress(address) else { throw .contradiction }
      client.address = address
      client.told = field
    }
    return client
  }

  /// Most hops that are looked at.
  static let maximumHops = 32

  /// The nearest untrusted hop of a list that may stand in several lines, or the farthest if all are trusted; nil for an
  /// empty list.
  private static func nearest(
    of lines: [String], by field: ForwardedTrust.Field, _ proxies: TrustedProxies
  ) throws(ForwardedError) -> SocketAddress? {
    var farthest: SocketAddress?
    var hops = 0
    for line in lines.reversed() {
      let elements = field == .forwarded ? try ForwardedField.elements(of: line) : list(line)
      for element in elements.reversed() {
        hops += 1
        guard hops <= maximumHops else { throw .tooManyHops(limit: maximumHops) }
        guard let address = HopAddress.parse(element, bracketed: field == .forwarded) else { throw .hop(field) }
        farthest = address
        if !proxies.contains(address) { return address }
      }
    }
    return farthest
  }

  /// A list of values with commas; empty ones do not count (RFC 9110, section 5.6.1).
  private static func list(_ line: String) -> [Substring] {
    line.split(separator: ",").map { $0.trimmingSpace }.filter { !$0.isEmpty }
  }
}

/// Why a request with a trusted proxy's field is refused.
enum ForwardedError: Error, Hashable, CustomStringConvertible {
  /// The field breaks RFC 7239's grammar.
  case syntax
  /// A hop is no IP address.
  case hop(ForwardedTrust.Field)
  /// The two fields name two clients.
  case contradiction
  /// The list is longer than is looked at.
  case tooManyHops(limit: Int)

  var description: String {
    switch self {
    case .syntax: "the Forwarded field is not well-formed"
    case .hop(let field): "the \(field.rawValue) field names a hop by something else than an IP address"
    case .contradiction: "the fields Forwarded and X-Forwarded-For name two different clients"
    case .tooManyHops(let limit): "the request came through more than \(limit) proxies"
    }
  }
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
enum HopAddress {
  /// - Parameter bracketed: whether IPv6 must stand in brackets (RFC 7239, section 6).
  static func parse(_ text: Substring, bracketed: Bool) -> SocketAddress? {
    if !bracketed, text.contains(":"), !text.contains("."), !text.hasPrefix("[") { return address(text, port: 0) }
    var host = text
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":"), host.contains(":") else { return nil }
      port = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":") {
      // An IPv6 address that maps an IPv4 one has several.
      guard text.lastIndex(of: ":") == colon else { return bracketed ? nil : address(text, port: 0) }
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard let port else { return address(host, port: 0) }
    return Self.port(port).flatMap { address(host, port: $0) }
  }

  private static func address(_ host: Substring, port: Int) -> SocketAddress? {
    IPAddress(host).flatMap { SocketAddress($0, port: port) }
  }

  /// A number, or 0 for an obfuscated port (RFC 7239, section 6).
  private static func port(_ text: Substring) -> Int? {
    if text.hasPrefix("_"), text.utf8.count > 1 {
      return text.utf8.dropFirst().allSatisfy { ForwardedField.isObfuscated($0) } ? 0 : nil
    }
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text).map(Int.init)
  }
}

extension ForwardedTrust.Field {
  var name: HTTPField.Name {
    switch self {
    case .xForwardedFor: Self.xForwardedForName
    case .forwarded: Self.forwardedName
    }
  }

  private static let xForwardedForName = HTTPField.Name("X-Forwarded-For") ?? .via
  private static let forwardedName = HTTPField.Name("Forwarded") ?? .via
}

extension Substring {
  var trimmingSpace: Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}

extension ForwardedTrust.Field {
  /// What the front door counts it as.
  var header: ForwardingHeader {
    switch self {
    case .xForwardedFor: .xForwardedFor
    case .forwarded: .forwarded
    }
  }
}
