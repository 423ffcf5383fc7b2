import AccessPolicy

/// The one UDP port for all media, and what browsers are told about it.
public struct WebRTCConfiguration: Sendable, Equatable {
  /// UDP port of all media, on every address of the machine. Default 8000.
  public var udpPort: Located<Int>
  /// IP addresses offered to browsers as candidates, in this order. Empty: the machine's own addresses.
  public var advertisedAddresses: [String]
  /// STUN and TURN servers handed to browsers.
  public var iceServers: [ICEServer]

  init(
    udpPort: Located<Int> = Located(8000), advertisedAddresses: [String] = [], iceServers: [ICEServer] = []
  ) {
    self.udpPort = udpPort
    self.advertisedAddresses = advertisedAddresses
    self.iceServers = iceServers
  }

  init(position: SourcePosition) {
    self.init(udpPort: Located(8000, at: position))
  }
}

/// A STUN or TURN server that browsers may use to reach the gateway.
public struct ICEServer: Sendable, Equatable {
  /// `stun:`, `stuns:`, `turn:` or `turns:` addresses of one server.
  public var urls: [String]
  /// User name of a TURN server.
  public var username: String?
  /// Password of a TURN server. Browsers get it; logs do not.
  public var credential: Secret?
}

extension WebRTCConfiguration {
  init(reading value: ConfigurationValue) {
    self.init(position: value.position)
    let section = value.section(keys: ["udp_port", "advertised_addresses", "ice_servers"])
    if let port = section["udp_port"], let number = port.integer(in: 1...65535, what: "a port") {
      udpPort = Located(number, at: port.position)
    }
    if let list = section["advertised_addresses"]?.list(of: "IP addresses, such as [192.0.2.7]") {
      for item in list {
        guard let address = item.advertisedAddress() else { continue }
        if advertisedAddresses.contains(address) {
          item.problem("\(address) is listed twice: remove one")
        } else {
          advertisedAddresses.append(address)
        }
      }
    }
    if let list = section["ice_servers"]?.list(of: "STUN and TURN servers, such as [\"stun:stun.example.org:3478\"]") {
      iceServers = list.compactMap(ICEServer.init(reading:))
    }
  }
}

extension ICEServer {
  /// A URL alone, or a mapping with its user name and password.
  init?(reading value: ConfigurationValue) {
    if value.isScalar {
      guard let url = Self.url(reading: value) else { return nil }
      if url.isTURN {
        value.problem(
          "a TURN server needs a user: write { urls: [\"\(url.text)\"], username: NAME, credential: \"file:PATH\" }")
        return nil
      }
      self.init(urls: [url.text])
      return
    }
    let section = value.section(keys: ["urls", "username", "credential"], later: ["secret"])
    guard section.isReadable, let list = section.required("urls", "urls: [\"turn:turn.example.org:3478\"]") else {
      return nil
    }
    let urls = list.list(of: "URLs, such as [\"turn:turn.example.org:3478\"]")
    if let urls, urls.isEmpty { list.problem("no URL: name at least one") }
    let known = (urls ?? []).compactMap(Self.url(reading:))
    self.init(
      urls: known.map(\.text), username: section["username"]?.text(), credential: section["credential"]?.secret())
    if known.contains(where: \.isTURN) {
      for key in ["username", "credential"] where section[key] == nil {
        value.problem("a TURN server needs `\(key)`: add it")
      }
    }
  }

  private static func url(reading value: ConfigurationValue) -> ICEServerURL? {
    guard let text = value.text() else { return nil }
    do throws(ICEServerURL.Refusal) {
      return try ICEServerURL(parsing: text)
    } catch {
      let advice = "write stun:HOST:PORT or turn:HOST:PORT"
      switch error {
      case .scheme: value.problem("not a STUN or TURN URL: \(advice)")
      case .slashes: value.problem("no `//` stands in a STUN or TURN URL: \(advice)")
      case .host(let host): value.problem("\(quoted(host)) is no host: \(advice)")
      case .port(let port): value.problem("\(quoted(port)) is no port from 1 to 65535: \(advice)")
      case .query(let query):
        value.problem(
          "\(quoted(query)) means nothing here: only turn: URLs may end in ?transport=udp or ?transport=tcp")
      }
      return nil
    }
  }
}

extension ConfigurationValue {
  fileprivate func advertisedAddress() -> String? {
    guard let text = text() else { return nil }
    guard let address = IPAddress(text) else {
      problem("\(quoted(text)) is no IP address: write one such as 192.0.2.7 or \"2001:db8::7\", without port")
      return nil
    }
    if address.isWildcard || address.isMulticast {
      problem("no browser can send to \(address): write the address under which browsers reach this machine")
      return nil
    }
    return address.description
  }
}
