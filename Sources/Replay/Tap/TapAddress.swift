/// Where a tap listens or forwards to: `HOST:PORT`, `[IPV6]:PORT`, `:PORT` for every address, or an RTMP URL.
public struct TapAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address.
  public let host: String
  /// 0 lets the system choose, for listening.
  public let port: Int

  /// Reads an address; a port that is left out is RTMP's 1935. Nil for anything else.
  public init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    var rest = text[...]
    if let scheme = rest.range(of: "://") {
      guard ["rtmp", "rtmpt", "rtmpe", "tcp"].contains(rest[..<scheme.lowerBound].lowercased()) else { return nil }
      // Application and stream are the client's.
      rest = rest[scheme.upperBound...].prefix { $0 != "/" }
    }
    let afterHost: Substring
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[..<end].dropFirst())
      afterHost = rest[end...].dropFirst()
      guard host.contains(":") else { return nil }
    } else {
      let end = rest.lastIndex(of: ":") ?? rest.endIndex
      host = end == rest.startIndex ? "::" : String(rest[..<end])
      afterHost = rest[end...]
      guard !host.isEmpty, host == "::" || !host.contains(":") else { return nil }
    }
    guard !host.contains(where: { "/?#@[] ".contains($0) }) else { return nil }
    if afterHost.isEmpty {
      port = 1935
    } else {
      let digits = afterHost.dropFirst()
      guard afterHost.first == ":", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let port = Int(digits), port <= 65_535
      else { return nil }
      self.port = port
    }
  }

  /// As it is written.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
