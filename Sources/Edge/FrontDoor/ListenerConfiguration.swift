import NIOCore

/// How a listener behaves.
public struct ListenerConfiguration: Sendable {
  /// Its name in logs and metrics.
  public var id: ListenerID
  /// Where it listens; port 0 takes any free one.
  public var address: SocketAddress
  /// What it serves; everything else is closed and counted.
  public var accept: Set<DoorProtocol>
  /// TLS, when the listener speaks it; the context may be replaced while it runs.
  public var tls: TLSContextSource?
  /// The proxies that tell the client's address by a PROXY header; nil: such headers are not taken from anybody.
  public var proxyProtocol: ProxyProtocolTrust?
  /// The proxies that tell the client's address of an HTTP request; nil: nobody is believed.
  public var forwarded: ForwardedTrust?
  /// TLS was done in front of this listener, so that whatever comes counts as encrypted.
  public var isBehindTLS = false
  /// From accept until the protocol says it is established.
  public var handshakeTimeout: TimeAmount

  /// Describes a listener; the handshake time-out is 10 s unless told otherwise.
  public init(
    id: ListenerID, address: SocketAddress, accept: Set<DoorProtocol>, tls: TLSContextSource? = nil,
    handshakeTimeout: TimeAmount = .seconds(10)
  ) {
    self.id = id
    self.address = address
    self.accept = accept
    self.tls = tls
    self.handshakeTimeout = handshakeTimeout
  }
}

/// Whose PROXY headers are believed.
public struct ProxyProtocolTrust: Sendable, Hashable {
  /// The proxies that are believed. Headers of others are read and thrown away.
  public var proxies: TrustedProxies
  /// Whether a trusted peer must send a header; otherwise one without is taken for a client itself.
  public var isRequired: Bool
  /// Bounds of a header.
  public var limits = ProxyHeaderLimits()

  /// Believes `proxies`.
  public init(proxies: TrustedProxies, isRequired: Bool = false) {
    self.proxies = proxies
    self.isRequired = isRequired
  }
}

extension ListenerConfiguration {
  /// Who a connection from `peer` is, before it has said anything.
  func visitor(from peer: SocketAddress) -> Visitor {
    let isProxy = proxyProtocol?.proxies.contains(peer) == true || forwarded?.proxies.contains(peer) == true
    return isProxy ? .proxy(peer) : .client(peer)
  }
}
