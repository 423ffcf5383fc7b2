/// Where a gateway takes RTMP: `rtmp://HOST[:PORT]`.
struct GatewayAddress: Equatable {
  let host: String
  let port: Int

  /// An IPv6 address stands in brackets; a slash may follow.
  /// - Throws: ``ReplayError/badURL(_:)``.
  init(_ url: String) throws(ReplayError) {
    let scheme = "rtmp://"
    guard url.lowercased().hasPrefix(scheme) else { throw .badURL(url) }
    var authority = url.dropFirst(scheme.count)
    if authority.last == "/" { authority = authority.dropLast() }
    let afterHost: Substring
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw .badURL(url) }
      host = String(authority[..<end].dropFirst())
      afterHost = authority[end...].dropFirst()
    } else {
      let end = authority.firstIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<end])
      afterHost = authority[end...]
    }
    guard !host.isEmpty, !host.contains(where: { "/?#@[] ".contains($0) }) else { throw .badURL(url) }
    if afterHost.isEmpty {
      port = 1935
    } else {
      let digits = afterHost.dropFirst()
      guard afterHost.first == ":", digits.allSatisfy(\.isASCII), let port = Int(digits), (1...65535).contains(port),
        digits.first?.isNumber == true
      else { throw .badURL(url) }
      self.port = port
    }
  }
}
