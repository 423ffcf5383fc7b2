import AccessPolicy
import Edge

/// A TCP address where clients come in.
public struct ListenerConfiguration: Sendable, Equatable {
  /// What a client may speak at a listener; told from the others by its first bytes.
  public typealias ClientProtocol = DoorProtocol

  /// Where to listen.
  public var address: Located<ListenAddress>
  /// What is spoken there; at least one.
  public var accept: Set<ClientProtocol>
  /// Set exactly when something in `accept` needs it and TLS is not done in front.
  public var tls: ListenerTLS?
  /// TLS was done in front: by an accelerator or a balancer, or by stunnel.
  public var isBehindTLS: Bool
  /// The proxies whose PROXY headers are believed.
  public var proxyProtocol: ProxyProtocolTrust?
  /// The proxies whose word about an HTTP request's client is believed.
  public var forwarded: ForwardedTrust?
  /// Its own lists; an address must be allowed by those for all too.
  public var access: AccessSources.Level

  init(
    address: Located<ListenAddress>, accept: Set<ClientProtocol>, tls: ListenerTLS? = nil, isBehindTLS: Bool = false,
    proxyProtocol: ProxyProtocolTrust? = nil, forwarded: ForwardedTrust? = nil, access: AccessSources.Level = .init()
  ) {
    self.address = address
    self.accept = accept
    self.tls = tls
    self.isBehindTLS = isBehindTLS
    self.proxyProtocol = proxyProtocol
    self.forwarded = forwarded
    self.access = access
  }
}

extension ListenerConfiguration {
  /// Whether a protocol is spoken there, by its name in the configuration.
  public func accepts(_ name: String) -> Bool { accept.contains { $0.rawValue == name } }

  static func readAll(from section: ConfigurationSection, at root: ConfigurationValue) -> [ListenerConfiguration] {
    guard let value = section["listeners"] else {
      if section.isReadable {
        root.problem("no listeners: add `listeners:` with at least one `- address: 0.0.0.0:1935`")
      }
      return []
    }
    guard let list = value.list(of: "listeners, each starting with `- address:`") else { return [] }
    if list.isEmpty { value.problem("the list of listeners is empty: add at least one `- address: 0.0.0.0:1935`") }
    return list.compactMap(ListenerConfiguration.init(reading:))
  }

  private init?(reading value: ConfigurationValue) {
    let section = value.section(
      keys: ["address", "accept", "tls", "tls_in_front", "proxy_protocol", "forwarded_for", "access"])
    guard section.isReadable else { return nil }
    let address = section.required("address", "address: 0.0.0.0:1935")?.listenAddress()
    let accept = section.required("accept", "accept: [rtmp]").flatMap(Self.accept(reading:))
    let tls = section["tls"].map { ListenerTLS(reading: $0) }
    let isBehindTLS = section["tls_in_front"]?.boolean() ?? false
    let proxyProtocol = section["proxy_protocol"].flatMap(ProxyProtocolTrust.init(reading:))
    let forwarded = section["forwarded_for"].flatMap(ForwardedTrust.init(reading:))
    if let accept, !accept.isEmpty {
      Self.checkTLS(section, accept: accept, isBehindTLS: isBehindTLS)
      if let value = section["forwarded_for"], !accept.contains(where: \.isHTTP) {
        value.problem(
          "forwarded_for is used by HTTP alone, which this listener does not accept: remove it or accept [http]")
      }
    }
    guard let address, let accept else { return nil }
    self.init(
      address: address, accept: accept, tls: tls ?? nil, isBehindTLS: isBehindTLS, proxyProtocol: proxyProtocol,
      forwarded: forwarded, access: section["access"].map(AccessSources.Level.init(reading:)) ?? .init())
  }

  /// What is spoken inside TLS needs it, here or in front, and nothing else does.
  private static func checkTLS(_ section: ConfigurationSection, accept: Set<ClientProtocol>, isBehindTLS: Bool) {
    let encrypted = accept.filter(\.isEncrypted).map(\.rawValue).sorted()
    if isBehindTLS {
      section["tls"]?.problem("TLS is done in front of this listener: remove `tls`, or `tls_in_front: true`")
      if let plain = accept.filter({ $0.inTLS != nil }).map(\.rawValue).sorted().first, let inTLS = Self.inTLS(plain) {
        section["accept"]?.problem(
          "\(plain) comes in the clear, and TLS is done in front of this listener: accept \(inTLS) instead")
      }
      return
    }
    if let name = encrypted.first, section["tls"] == nil {
      section["accept"]?.problem(
        "\(name) needs a certificate: add `tls: { certificate: FILE, key: FILE }` beside it")
    } else if encrypted.isEmpty, let value = section["tls"] {
      value.problem(
        "tls is used by https, rtmps and rtmpts alone, which this listener does not accept: remove `tls` or accept [https]"
      )
    }
  }

  private static func inTLS(_ name: String) -> String? { ClientProtocol(rawValue: name)?.inTLS?.rawValue }

  private static func accept(reading value: ConfigurationValue) -> Set<ClientProtocol>? {
    guard let list = value.list(of: "protocols, such as [rtmp] or [https, rtmps]") else { return nil }
    let names = ClientProtocol.allCases.map(\.rawValue)
    var found: Set<ClientProtocol> = []
    for item in list {
      guard let name = item.choice(of: names) else { continue }
      guard let known = ClientProtocol(rawValue: name) else { continue }
      if !found.insert(known).inserted { item.problem("\(name) is listed twice: remove one") }
    }
    if list.isEmpty { value.problem("nothing is accepted here: name one of \(names.joined(separator: ", "))") }
    return found
  }

  /// The kernel would refuse the second of two overlapping addresses; here both are named.
  static func checkOverlaps(
    _ listeners: [ListenerConfiguration], admin: AdminConfiguration, reader: ConfigurationReader
  ) {
    var seen: [Located<ListenAddress>] = []
    for address in listeners.map(\.address) + [admin.address] {
      if let other = seen.first(where: { $0.value.overlaps(address.value) }) {
        let what =
          other.value == address.value
          ? "\(address.value) is used twice" : "\(address.value) and \(other.value) share a port"
        reader.report(
          ConfigurationProblem(
            at: address.position, "\(what), see line \(other.position.line): give each its own port"))
      } else {
        seen.append(address)
      }
    }
  }
}

extension DoorProtocol {
  /// What the same is called inside TLS.
  fileprivate var inTLS: DoorProtocol? {
    switch self {
    case .rtmp, .rtmpe: .rtmps
    case .rtmpt: .rtmpts
    case .http: .https
    case .rtmps, .rtmpts, .https, .policy, .ice: nil
    }
  }
}
