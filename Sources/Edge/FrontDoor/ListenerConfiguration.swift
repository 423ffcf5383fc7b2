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
