import NIOCore

/// Bounds on what one tunnelled client may cost, and the pace of its polling.
public struct TunnelLimits: Sendable, Hashable {
  /// Most bytes of RTMP in one answer. Default 32 KiB; what is left goes with the next.
  public var replyBytes = 32 << 10
  /// Most bytes that wait for a client to ask for them. Default 4 MiB.
  public var queuedBytes = 4 << 20
  /// A client that sends no request for so long is gone. Default 30 s; the slowest poll of a player is half a second.
  public var silence = TimeAmount.seconds(30)
  /// What one unit of the polling byte stands for. Default 15.6 ms, so that the slowest poll is half a second.
  public var pollingUnit = TimeAmount.microseconds(15_600)

  /// The stated defaults.
  public init() {}
}
