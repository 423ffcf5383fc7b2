import NIOCore

/// The answer to a request within a session.
public struct TunnelReply: Sendable, Hashable {
  /// Of the request that it answers.
  public let number: UInt32
  /// The polling byte, then bytes of RTMP; a single 0 after `close`.
  public let body: ByteBuffer
}

/// What was asked in the life of a session.
public struct TunnelCounts: Sendable, Hashable {
  /// Requests that brought bytes.
  public var sends = 0
  /// Requests that only asked.
  public var polls = 0
  /// Polls that were answered with nothing.
  public var emptyPolls = 0
  /// Requests that came again.
  public var repeats = 0
  /// Requests with a number out of order.
  public var refusals = 0
}
