import Metrics
import NIOSSL
import RTMP

/// What sessions need that old servers go on serving.
public struct ShadowServices: Sendable {
  /// Told of each difference between an old server and the gateway, once in a session.
  public typealias Differs = @Sendable (LiveSession, ForwardedDifference) -> Void

  let servers: ShadowServers
  let metrics: ShadowMetrics
  /// Whether a room lets in only those who show a key.
  private let needsKey: @Sendable (String) -> Bool
  let differs: Differs
  let tls: NIOSSLContext?

  /// Puts the services together.
  /// - Throws: when this machine has no certificates to trust, and a server is spoken to by TLS.
  public init(
    servers: [String: ShadowServer], metrics: ShadowMetrics, needsKey: @escaping @Sendable (String) -> Bool,
    differs: @escaping Differs
  ) throws {
    self.servers = ShadowServers(servers)
    self.metrics = metrics
    self.needsKey = needsKey
    self.differs = differs
    let isEncrypted = servers.values.contains(where: \.usesTLS)
    tls = isEncrypted ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
  }

  /// Whether a key is needed by those who belong there, or may be.
  func needsKey(_ choice: ShadowServers.Choice) -> Bool {
    if let room = choice.room { return needsKey(room) }
    return servers.rooms(of: choice.server).contains(where: needsKey)
  }
}

/// What shadowed sessions count into.
public struct ShadowMetrics: Sendable {
  /// Sessions that an old server serves now.
  let sessions: Gauge
  /// Label outcome: `forwarded`, `unreachable`, `refused`.
  let outcomes: MetricFamily<Counter>
  /// How publications fared in the room. Label outcome: `speaking`, or why not.
  let publications: MetricFamily<Counter>
  let bytesToServer: Counter
  let bytesToClient: Counter
  /// Differences noted. Label kind: `connect`, `publish`, `play`, `call`, `server_call`, `shared_object`.
  let differences: MetricFamily<Counter>

  /// - Parameters:
  ///   - outcomes: label outcome.
  ///   - publications: label outcome.
  ///   - differences: label kind.
  public init(
    sessions: Gauge, outcomes: MetricFamily<Counter>, publications: MetricFamily<Counter>,
    bytesToServer: Counter, bytesToClient: Counter, differences: MetricFamily<Counter>
  ) {
    self.sessions = sessions
    self.outcomes = outcomes
    self.publications = publications
    self.bytesToServer = bytesToServer
    self.bytesToClient = bytesToClient
    self.differences = differences
  }
}
