extension CrossDomainPolicy {
  /// How a policy is asked for.
  public enum Place: Sendable, Hashable {
    /// `/crossdomain.xml` in the clear.
    case http
    /// `/crossdomain.xml` over HTTPS.
    case https
    /// A socket policy request on this port, in the clear.
    case socket(port: UInt16)
  }

  /// The policy file for a place, or nil when the place gets none.
  ///
  /// What is for HTTPS alone is never given in the clear. A URL policy says nothing of ports; a socket policy says
  /// nothing else, and from port 1024 or above nothing of ports below.
  public func document(at place: Place) -> String? {
    switch place {
    case .http:
      if isForHTTPSAlone { return nil }
      let open = accesses.filter { $0.isSecure != true }
      // A file that lets only HTTPS pages in has nothing to say here; one that lets nobody in says so.
      if open.isEmpty, !accesses.isEmpty { return nil }
      return urlDocument(open, headers: headers.filter { $0.isSecure != true })
    case .https: return urlDocument(accesses, headers: headers)
    case .socket(let port): return isForHTTPSAlone ? nil : socketDocument(from: port)
    }
  }

  private func urlDocument(_ accesses: [Access], headers: [Headers]) -> String {
    var lines: [String] = []
    if let siteControl {
      lines.append("<site-control permitted-cross-domain-policies=\"\(siteControl.rawValue)\"/>")
    }
    for access in accesses {
      lines.append("<allow-access-from domain=\"\(access.domain)\"\(Self.secure(access.isSecure))/>")
    }
    for header in headers {
      lines.append(
        "<allow-http-request-headers-from domain=\"\(header.domain)\" headers=\"\(Self.escaped(header.names))\""
          + "\(Self.secure(header.isSecure))/>")
    }
    return Self.document(lines)
  }

  private func socketDocument(from port: UInt16) -> String? {
    let granted = accesses.compactMap { access -> String? in
      guard let ports = access.ports?.grantable(from: port), !ports.isEmpty else { return nil }
      return "<allow-access-from domain=\"\(access.domain)\" to-ports=\"\(ports)\"\(Self.secure(access.isSecure))/>"
    }
    return granted.isEmpty ? nil : Self.document(granted)
  }

  private static func document(_ lines: [String]) -> String {
    let body = lines.map { "  \($0)\n" }.joined()
    return """
      <?xml version="1.0"?>
      <!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd">
      <cross-domain-policy>
      \(body)</cross-domain-policy>

      """
  }

  private static func secure(_ isSecure: Bool?) -> String { isSecure.map { " secure=\"\($0)\"" } ?? "" }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }
}
