import NIOCore

/// Which listener a connection came in by.
public struct ListenerID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The name the owner gave, for example the configured address.
  public let rawValue: String

  /// Names a listener.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The name.
  public var description: String { rawValue }
}

/// The facts of one accepted connection. What is learnt while the door sniffs (the client behind a proxy, TLS) is there
/// before the protocol's handlers are, and does not change after that.
public struct ConnectionInfo: Sendable {
  /// Unique in this process, counting from 1.
  public let id: UInt64
  /// The listener that accepted it.
  public let listener: ListenerID
  /// The client's end: what a trusted proxy told by a PROXY header, or else the peer. IPv4 on an IPv6 socket is IPv4.
  public internal(set) var remoteAddress: SocketAddress
  /// The other end of the socket, which may be a proxy.
  public let peerAddress: SocketAddress
  /// Our end.
  public let localAddress: SocketAddress?
  /// When it was accepted.
  public let acceptedAt: NIODeadline
  /// The PROXY header that a trusted proxy sent.
  public internal(set) var proxy: ProxyHeader?
  /// The version of TLS between us and the peer, once its handshake is done.
  public internal(set) var tlsVersion: TLSProtocolVersion?
  /// The subject of the client's certificate, which was verified, in the notation of RFC 2253.
  public internal(set) var certificateSubject: String?

  init(
    id: UInt64, listener: ListenerID, peerAddress: SocketAddress, localAddress: SocketAddress?, acceptedAt: NIODeadline
  ) {
    self.id = id
    self.listener = listener
    self.remoteAddress = peerAddress
    self.peerAddress = peerAddress
    self.localAddress = localAddress
    self.acceptedAt = acceptedAt
  }
}

/// What proxies write about the client, and strangers may write too.
public enum ForwardingHeader: String, Sendable, Hashable, CaseIterable {
  case proxyV1 = "proxy_v1"
  case proxyV2 = "proxy_v2"
  case xForwardedFor = "x_forwarded_for"
  case forwarded
}

/// Told of what becomes of connections, on the connection's event loop: count and return, do not block.
///
/// For each accepted connection that is let in, ``connectionAccepted(_:)`` comes first, and exactly one of
/// ``connectionRefused(_:recognised:reason:)``, ``connectionFailed(_:protocol:reason:)`` and
/// ``connectionClosed(_:protocol:reason:)`` comes last, the latter only after ``connectionEstablished(_:protocol:)``. A
/// connection that ``Admission`` turns away is only refused.
public protocol ConnectionObserver: Sendable {
  /// A connection was let in; nothing has been read yet.
  func connectionAccepted(_ connection: ConnectionInfo)
  /// The first bytes were judged and the protocol's handlers stand.
  func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol)
  /// The connection was closed without being served; `recognised` is what the first bytes were, if any came.
  func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason)
  /// The protocol's handshake is done: the connection was let in for good.
  func connectionEstablished(_ connection: ConnectionInfo, protocol served: DoorProtocol)
  /// A served connection is closed before its protocol's handshake was done: refused by the protocol, too late, or
  /// given up by the client.
  func connectionFailed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason)
  /// An established connection is closed.
  func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason)
  /// One HTTP request of an established connection is about to be answered.
  func requestServed(_ connection: ConnectionInfo, _ request: HTTPServerRequest)
  /// One HTTP request of an established connection was refused; `client` is whom it came from, if that could be told.
  func requestRefused(
    _ connection: ConnectionInfo, client: SocketAddress?, protocol served: DoorProtocol, reason: ConnectionReason)
  /// A header that would name the client came from a peer that is not trusted to: it changed nothing.
  func forwardingIgnored(_ connection: ConnectionInfo, _ header: ForwardingHeader)
  /// The listening socket could not accept, for example for want of file descriptors; it goes on.
  func acceptFailed(on listener: ListenerID, errnoCode: Int32)
}

extension ConnectionObserver {
  /// For those to whom it is no news.
  public func requestServed(_ connection: ConnectionInfo, _ request: HTTPServerRequest) {}

  /// For those to whom it is no news.
  public func requestRefused(
    _ connection: ConnectionInfo, client: SocketAddress?, protocol served: DoorProtocol, reason: ConnectionReason
  ) {}

  /// For those to whom it is no news.
  public func forwardingIgnored(_ connection: ConnectionInfo, _ header: ForwardingHeader) {}

  /// For those to whom it is no news.
  public func connectionEstablished(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}

  /// For those to whom an end is an end.
  public func connectionFailed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    connectionClosed(connection, protocol: served, reason: reason)
  }
}

/// Sent through the pipelines of a listener's connections (as a user inbound event) when it drains: a protocol that is
/// idle closes, one at work ends as soon as it decently can.
public struct DrainEvent: Sendable {}
