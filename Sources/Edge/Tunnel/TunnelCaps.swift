/// How many tunnel sessions there may be. A session costs its client one request, and no connection while it lasts.
public struct TunnelCaps: Sendable, Hashable {
  /// All of them. Default 10 000.
  public var sessions = 10_000
  /// Those of one IPv4 address or IPv6 /64. Default 64.
  public var sessionsPerAddress = 64
  /// Those whose RTMP `connect` was not accepted yet, of one address. Default 16.
  public var unconnectedPerAddress = 16

  /// The stated defaults.
  public init() {}
}
