import Edge
import Glibc
import Logging
import NIOCore

/// Writes down who came to the doors: counts and log lines.
struct ConnectionLog: ConnectionObserver {
  let metrics: GatewayMetrics
  let log: Logger
  /// Lines about addresses that the lists keep out: nothing that they send may fill the log.
  private let denials = LineBudget()

  init(metrics: GatewayMetrics, log: Logger) {
    self.metrics = metrics
    self.log = log
  }

  func connectionAccepted(_ connection: ConnectionInfo) {}

  func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}

  func connectionEstablished(_ connection: ConnectionInfo, protocol served: DoorProtocol) {
    metrics.connections(served.rawValue, "allowed", "none").add()
    if let version = connection.tlsVersion { metrics.tlsConnections(version.rawValue).add() }
    // Of players one wants to know how they came in; browsers open too many connections for that.
    let level: Logger.Level = served.isRTMP ? .info : .debug
    log.log(level: level, "connection established", metadata: metadata(connection, served))
  }

  func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {
    metrics.connections(recognised.map { "\($0)" } ?? "unknown", "denied", reason.rawValue).add()
    // Health probes connect and leave: no news.
    let isProbe = reason == .leftEarly || connection.proxy?.origin == .proxy(isLocal: true)
    let level: Logger.Level = isProbe ? .debug : .info
    let protocolName = recognised.map { "\($0)" }
    guard reason.isDenialOfAddress else {
      return log.log(level: level, "connection refused", metadata: metadata(connection, reason, called: protocolName))
    }
    write("connection refused", metadata(connection, reason, called: protocolName))
  }

  private func write(_ message: Logger.Message, _ facts: @autoclosure () -> Logger.Metadata) {
    guard case .write(let suppressed) = denials.take() else { return }
    var metadata = facts()
    if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
    log.info(message, metadata: metadata)
  }

  func connectionFailed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    metrics.connections(served.rawValue, "denied", reason.rawValue).add()
    log.info("connection refused", metadata: metadata(connection, reason, called: served.rawValue))
  }

  func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    log.debug("connection closed", metadata: metadata(connection, reason, called: served.rawValue))
  }

  func requestServed(_ connection: ConnectionInfo, _ request: HTTPServerRequest) {
    // Not the query: what is secret may stand there.
    log.debug(
      "request",
      metadata: [
        "address": "\(request.remoteAddress?.ipAddress ?? "")", "listener": "\(connection.listener)",
        "method": "\(request.method.rawValue)", "path": "\(request.path)",
      ])
  }

  func requestRefused(
    _ connection: ConnectionInfo, client: SocketAddress?, protocol served: DoorProtocol, reason: ConnectionReason
  ) {
    metrics.connections(served.rawValue, "denied", reason.rawValue).add()
    var metadata = metadata(connection, reason, called: served.rawValue)
    if let client { metadata["address"] = "\(client.ipAddress ?? "")" }
    if reason.isDenialOfAddress { return write("request refused", metadata) }
    log.info("request refused", metadata: metadata)
  }

  func forwardingIgnored(_ connection: ConnectionInfo, _ header: ForwardingHeader) {
    metrics.forwardingIgnored(header.rawValue).add()
  }

  func acceptFailed(on listener: ListenerID, errnoCode: Int32) {
    metrics.connections("unknown", "denied", "accept_failed").add()
    log.error(
      "cannot accept connections for now",
      metadata: ["listener": "\(listener)", "reason": "\(String(cString: strerror(errnoCode)))"])
  }

  private func metadata(
    _ connection: ConnectionInfo, _ reason: ConnectionReason, called name: String?
  ) -> Logger.Metadata {
    var metadata = metadata(connection)
    metadata["reason"] = "\(reason)"
    if let name { metadata["protocol"] = "\(name)" }
    return metadata
  }

  private func metadata(_ connection: ConnectionInfo, _ served: DoorProtocol) -> Logger.Metadata {
    var metadata = metadata(connection)
    metadata["protocol"] = "\(served.rawValue)"
    if let subject = connection.certificateSubject { metadata["certificate"] = "\(subject)" }
    return metadata
  }

  /// Where it came from, and what stood in between.
  private func metadata(_ connection: ConnectionInfo) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "address": "\(connection.remoteAddress.ipAddress ?? "")", "listener": "\(connection.listener)",
    ]
    if let version = connection.tlsVersion { metadata["tls"] = "\(version.rawValue)" }
    if let proxy = connection.proxy {
      metadata["proxy"] = "\(connection.peerAddress.ipAddress ?? "")"
      if let version = proxy.tls?.version { metadata["tls"] = "\(version)" }
    }
    return metadata
  }
}

extension ConnectionReason {
  /// Of the lists, not of the connection's own doing.
  fileprivate var isDenialOfAddress: Bool { self == .blacklisted || self == .notWhitelisted }
}
