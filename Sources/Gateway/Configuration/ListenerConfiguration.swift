/// A TCP address where clients come in.
public struct ListenerConfiguration: Sendable, Equatable {
  /// What a client may speak at a listener; told from the others by its first bytes.
  public enum ClientProtocol: String, Sendable, CaseIterable {
    /// Flash in the clear.
    case rtmp
    /// Flash inside TLS.
    case rtmps
    /// Pages, signalling and WHEP over TLS.
    case https

    /// Names of the interface that a later version will know.
    static let later = ["rtmpe", "rtmpt", "rtmpts", "http", "policy", "ice"]

    /// Spoken inside TLS.
    var needsTLS: Bool { self != .rtmp }
  }

  /// Where to listen.
  public var address: Located<ListenAddress>
  /// What is spoken there; at least one.
  public var accept: Set<ClientProtocol>
  /// Set exactly when something in `accept` needs it.
  public var tls: ListenerTLS?

  init(address: Located<ListenAddress>, accept: Set<ClientProtocol>, tls: ListenerTLS? = nil) {
    self.address = address
    self.accept = accept
    self.tls = tls
  }
}

extension ListenerConfiguration {
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
      keys: ["address", "accept", "tls"], later: ["proxy_protocol", "forwarded_for", "access"])
    guard section.isReadable else { return nil }
    let address = section.required("address", "address: 0.0.0.0:1935")?.listenAddress()
    let accept = section.required("accept", "accept: [rtmp]").flatMap(Self.accept(reading:))
    let tls = section["tls"].map { ($0, ListenerTLS(reading: $0)) }
    if let accept, !accept.isEmpty {
      let encrypted = accept.filter(\.needsTLS).map(\.rawValue).sorted()
      if let name = encrypted.first, tls == nil {
        section["accept"]?.problem("\(name) needs a certificate: add `tls: { certificate: FILE, key: FILE }` beside it")
      } else if encrypted.isEmpty, let (value, _) = tls {
        value.problem(
          "tls is used by https and rtmps alone, which this listener does not accept: remove `tls` or accept [https]")
      }
    }
    guard let address, let accept else { return nil }
    self.init(address: address, accept: accept, tls: tls?.1)
  }

  private static func accept(reading value: ConfigurationValue) -> Set<ClientProtocol>? {
    guard let list = value.list(of: "protocols, such as [rtmp] or [https, rtmps]") else { return nil }
    let names = ClientProtocol.allCases.map(\.rawValue)
    var found: Set<ClientProtocol> = []
    for item in list {
      guard let name = item.choice(of: names, later: ClientProtocol.later) else { continue }
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
          ? "\(address.value) is used twice" : "\(address.value) is part of \(other.value)"
        reader.report(
          ConfigurationProblem(
            at: address.position, "\(what), see line \(other.position.line): give each its own port"))
      } else {
        seen.append(address)
      }
    }
  }
}
