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

/// The facts of one accepted connection; they never change.
public struct ConnectionInfo: Sendable {
  /// Unique in this process, counting from 1.
  public let id: UInt64
  /// The listener that accepted it.
  public let listener: ListenerID
  /// The client's end.
  public let remoteAddress: SocketAddress
  /// Our end.
  public let localAddress: SocketAddress?
  /// When it was accepted.
  public let acceptedAt: NIODeadline
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
  /// The listening socket could not accept, for example for want of file descriptors; it goes on.
  func acceptFailed(on listener: ListenerID, errnoCode: Int32)
}

extension ConnectionObserver {
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
