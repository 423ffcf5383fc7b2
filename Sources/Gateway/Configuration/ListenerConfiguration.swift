/// A TCP address where clients come in.
public struct ListenerConfiguration: Sendable, Equatable {
  /// What a client may speak at a listener.
  public enum ClientProtocol: String, Sendable, CaseIterable {
    /// Flash in the clear.
    case rtmp
    /// Pages, signalling and WHEP over TLS.
    case https
    /// Plain HTTP.
    case http

    /// Names of the interface that a later version will know.
    static let later = ["rtmpe", "rtmpt", "rtmps", "rtmpts", "policy", "ice"]
  }

  /// Where to listen.
  public var address: Located<ListenAddress>
  /// What is spoken there.
  public var accept: ClientProtocol
  /// Set exactly when `accept` needs it.
  public var tls: ListenerTLS?

  init(address: Located<ListenAddress>, accept: ClientProtocol, tls: ListenerTLS? = nil) {
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
    switch (accept, tls) {
    case (.https, nil):
      section["accept"]?.problem("https needs a certificate: add `tls: { certificate: FILE, key: FILE }` beside it")
    case (.rtmp, let (value, _)?), (.http, let (value, _)?):
      value.problem("tls is used by https alone, which this listener does not accept: remove `tls` or accept [https]")
    default: break
    }
    guard let address, let accept else { return nil }
    self.init(address: address, accept: accept, tls: tls?.1)
  }

  /// One protocol now, though it is written as a list: protocols sharing a port come with the front door that tells
  /// them apart.
  private static func accept(reading value: ConfigurationValue) -> ClientProtocol? {
    guard let list = value.list(of: "protocols, such as [rtmp] or [https]") else { return nil }
    let names = ClientProtocol.allCases.map(\.rawValue)
    var found: [ClientProtocol] = []
    for item in list {
      guard let name = item.choice(of: names, later: ClientProtocol.later) else { continue }
      guard let known = ClientProtocol(rawValue: name) else { continue }
      if found.contains(known) {
        item.problem("\(name) is listed twice: remove one")
      } else if !found.isEmpty {
        item.problem(
          "several protocols on one listener are not supported yet by this version: add a listener for \(name)")
      } else {
        found.append(known)
      }
    }
    if list.isEmpty { value.problem("nothing is accepted here: name one of \(names.joined(separator: ", "))") }
    return found.first
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
