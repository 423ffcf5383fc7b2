/// What came of one way.
public struct Finding: Sendable, Hashable, Codable {
  /// How far it led.
  public enum Stage: String, Sendable, Hashable, Codable, Comparable {
    /// No TCP connection.
    case unreachable
    /// A connection, and nothing that speaks this protocol behind it.
    case connected
    /// RTMP's handshake is done.
    case handshake
    /// The server answered `connect`, with a refusal.
    case refused
    /// The server accepted `connect`.
    case accepted

    private static let order: [Stage] = [.unreachable, .connected, .handshake, .refused, .accepted]

    /// The further one is larger.
    public static func < (left: Stage, right: Stage) -> Bool {
      (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
  }

  /// The way.
  public let way: Way
  /// How far it led.
  public var stage = Stage.unreachable
  /// Milliseconds until the TCP connection stood.
  public var connectMilliseconds: Double?
  /// Milliseconds from a question to its answer: RTMP's handshake, or in a tunnel the quickest request.
  public var roundTripMilliseconds: Double?
  /// The version of TLS.
  public var tls: String?
  /// What HTTP proxies on the way said of themselves, and what they do to requests.
  public var between: [String] = []
  /// Why it went no further.
  public var problem: String?

  /// Nothing is known yet.
  public init(_ way: Way) { self.way = way }
}
