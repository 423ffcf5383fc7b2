import NIOCore

/// Bounds of one web socket, in bytes, counts and time.
public struct WebSocketLimits: Sendable {
  /// One message from the client, its fragments together; beyond: close 1009.
  public var messageBytes = 256 * 1024
  /// Messages that wait for the service; from there on nothing is read until it has taken most of them.
  public var waitingMessages = 8
  /// Bytes that wait to be sent; beyond: close 1013.
  public var outboundBytes = 1024 * 1024
  /// Between two pings.
  public var pingInterval = TimeAmount.seconds(15)
  /// Pings in a row without any pong after which the peer counts as gone.
  public var missedPongs = 2
  /// How long the peer may take to answer a close frame.
  public var closeTimeout = TimeAmount.seconds(5)

  /// The stated defaults.
  public init() {}
}
