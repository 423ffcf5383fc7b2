/// Which pages' Flash content may connect: the contents of a policy file, or of a list of domains.
public struct CrossDomainPolicy: Sendable, Hashable {
  /// `<allow-access-from>`
  public struct Access: Sendable, Hashable {
    /// Who.
    public let domain: DomainPattern
    /// Which ports, in socket policies; nil: the element speaks of no socket.
    public let ports: PortSet?
    /// The `secure` attribute; nil when it is not there: true in HTTPS policies, false in socket policies.
    public let isSecure: Bool?
    /// The line in the file, from 1.
    public let line: Int
  }

  /// `<allow-http-request-headers-from>`
  public struct Headers: Sendable, Hashable {
    /// Who.
    public let domain: DomainPattern
    /// Which headers, as they were written.
    public let names: String
    /// As in ``Access/isSecure``.
    public let isSecure: Bool?
    /// The line in the file, from 1.
    public let line: Int
  }

  /// `permitted-cross-domain-policies` of `<site-control>`.
  public enum SiteControl: String, Sendable, Hashable, CaseIterable {
    /// No policy file anywhere on the host.
    case none
    /// Only the one at the root.
    case masterOnly = "master-only"
    /// Those with the right content type.
    case byContentType = "by-content-type"
    /// Those whose name is right, on FTP.
    case byFTPFilename = "by-ftp-filename"
    /// All.
    case all
  }

  /// What other policy files count for.
  public internal(set) var siteControl: SiteControl?
  /// Who may connect.
  public internal(set) var accesses: [Access] = []
  /// Who may send headers.
  public internal(set) var headers: [Headers] = []
  /// Whether signatories are named, which only the file itself can say.
  public internal(set) var hasIdentities = false
  /// Nothing of it may be given in the clear.
  public internal(set) var isForHTTPSAlone = false

  init() {}

  /// The policy for a list of domains.
  /// - Parameters:
  ///   - ports: the ports that sockets may connect to; empty: no socket policy.
  ///   - isForHTTPSAlone: only pages that came by HTTPS may connect, and the policy is not given in the clear.
  public init(domains: [DomainPattern], ports: PortSet, isForHTTPSAlone: Bool = false) {
    siteControl = .masterOnly
    accesses = domains.map { domain in
      Access(
        domain: domain, ports: ports.isEmpty ? nil : ports, isSecure: isForHTTPSAlone ? true : nil, line: 1)
    }
    self.isForHTTPSAlone = isForHTTPSAlone
  }

  /// The domains, for lists of web origins.
  public var domains: [DomainPattern] { accesses.map(\.domain) }

  /// Whether a page at this address may connect. A courtesy check: the client writes the address itself.
  ///
  /// - Parameter url: `http://...` or `https://...`; anything else names no page.
  public func allows(page url: String) -> Bool {
    guard let (scheme, host) = Self.origin(of: url) else { return false }
    return accesses.contains { access in
      access.domain.matches(host) && (scheme == "https" || access.isSecure != true)
    }
  }

  /// Scheme and host of a web address, in lower case.
  static func origin(of url: String) -> (scheme: String, host: String)? {
    guard let separator = url.range(of: "://") else { return nil }
    let scheme = url[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    let authority = url[separator.upperBound...].prefix { !"/?#\\".contains($0) }
    let hostAndPort = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    if hostAndPort.hasPrefix("["), let end = hostAndPort.firstIndex(of: "]") {
      return (scheme, hostAndPort[...end].lowercased())
    }
    let host = hostAndPort.prefix { $0 != ":" }.lowercased()
    return host.isEmpty ? nil : (scheme, host)
  }
}
