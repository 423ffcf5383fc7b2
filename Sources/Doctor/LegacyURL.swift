import Foundation

/// The address that a Flash client is given: `rtmp://HOST[:PORT]/APP/ROOM`.
public struct LegacyURL: Sendable, Hashable {
  /// Why a text is no such address.
  public struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was given.
    public let text: String

    /// One line for who wrote it.
    public var description: String { "not an address of the form rtmp://HOST[:PORT]/APP/ROOM: \(text)" }
  }

  /// A name or an IP address, without brackets.
  public let host: String
  /// Set when it is written out: then every way is tried at this port alone.
  public let port: Int?
  /// What stands behind the host: the application, and the room.
  public let app: String

  /// Reads an address; any scheme of the family will do, for all ways are tried.
  public init(_ text: String) throws(Malformed) {
    let malformed = Malformed(text: text)
    guard let mark = text.range(of: "://"), Self.schemes.contains(text[..<mark.lowerBound].lowercased()) else {
      throw malformed
    }
    let rest = text[mark.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var authority = rest[..<slash]
    app = rest[slash...].split(separator: "/").joined(separator: "/")
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw malformed }
      host = String(authority[..<end].dropFirst())
      authority = authority[end...].dropFirst()
    } else {
      let end = authority.firstIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<end])
      authority = authority[end...]
    }
    guard !host.isEmpty, !host.contains(where: { "/?#@[] ".contains($0) }), !app.isEmpty else { throw malformed }
    guard !authority.isEmpty else {
      port = nil
      return
    }
    let digits = authority.dropFirst()
    guard authority.first == ":", !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let number = Int(digits), (1...65535).contains(number)
    else { throw malformed }
    port = number
  }

  /// The address as `connect` says it by one of the ways.
  func tcURL(scheme: String, port: Int) -> String {
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(scheme)://\(name):\(port)/\(app)"
  }

  private static let schemes: Set<String> = ["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte"]
}
