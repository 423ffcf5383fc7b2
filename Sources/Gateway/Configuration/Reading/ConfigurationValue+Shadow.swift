import AccessPolicy
import Edge

extension ConfigurationValue {
  /// `rtmp://HOST[:PORT][/APP[/INSTANCE]]` of an old server; `rtmps` too.
  func shadowServer() -> ShadowServer? {
    guard let text = text() else { return nil }
    do throws(ShadowServer.Refusal) {
      return try ShadowServer(parsing: text)
    } catch {
      problem("\(quoted(text)) is no address of an old server: \(error.advice)")
      return nil
    }
  }
}

extension ShadowServer {
  /// What a text breaks.
  enum Refusal: Error, Equatable {
    case scheme, host, port, app

    fileprivate var advice: String {
      switch self {
      case .scheme: "write rtmp://HOST/APP or rtmps://HOST/APP (the gateway speaks no other protocol to it)"
      case .host: "its host is a name or an IP address, IPv6 in brackets, without user and password"
      case .port: "its port is a number from 1 to 65535"
      case .app: "behind the host stands the application, such as /live or /live/instance, without a query"
      }
    }
  }

  init(parsing text: String) throws(Refusal) {
    let schemes = [("rtmp://", false, 1935), ("rtmps://", true, 443)]
    guard let (prefix, usesTLS, usualPort) = schemes.first(where: { text.lowercased().hasPrefix($0.0) }) else {
      throw .scheme
    }
    let rest = text.dropFirst(prefix.count)
    let authority = rest.prefix { $0 != "/" }
    let (host, digits) = try Self.split(authority)
    var port = usualPort
    if let digits {
      guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(digits),
        (1...65535).contains(number)
      else { throw .port }
      port = number
    }
    let path = rest[authority.endIndex...].drop { $0 == "/" }
    let app = path.reversed().drop { $0 == "/" }.reversed()
    guard app.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 > " " && !"?#\"\\".contains($0) }) else { throw .app }
    self.init(host: host, port: port, usesTLS: usesTLS, app: app.isEmpty ? nil : String(app))
  }

  private static func split(_ authority: Substring) throws(Refusal) -> (host: String, port: Substring?) {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .host }
      let host = String(authority[authority.index(after: authority.startIndex)..<end])
      let behind = authority[authority.index(after: end)...]
      guard host.contains(":"), IPAddress(host) != nil else { throw .host }
      guard behind.isEmpty || behind.hasPrefix(":") else { throw .port }
      return (host, behind.isEmpty ? nil : behind.dropFirst())
    }
    let host = authority.prefix { $0 != ":" }
    let behind = authority[host.endIndex...]
    guard !host.isEmpty, host.utf8.count <= 253,
      host.utf8.allSatisfy({ byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_".utf8.contains(byte)
      })
    else { throw .host }
    return (String(host), behind.isEmpty ? nil : behind.dropFirst())
  }
}
