import Edge
import Glibc
import Logging
import NIOCore

/// Writes down who came to the doors: counts and log lines.
struct ConnectionLog: ConnectionObserver {
  let metrics: GatewayMetrics
  let log: Logger

  func connectionAccepted(_ connection: ConnectionInfo) {}

  func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}

  func connectionEstablished(_ connection: ConnectionInfo, protocol served: DoorProtocol) {
    metrics.connections(served.rawValue, "allowed", "none").add()
  }

  func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {
    metrics.connections(recognised.map { "\($0)" } ?? "unknown", "denied", reason.rawValue).add()
    // Health probes connect and leave: no news.
    let isProbe = reason == .leftEarly || connection.proxy?.origin == .proxy(isLocal: true)
    let level: Logger.Level = isProbe ? .debug : .info
    log.log(level: level, "connection refused", metadata: metadata(connection, reason))
  }

  func connectionFailed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    metrics.connections(served.rawValue, "denied", reason.rawValue).add()
    log.info("connection refused", metadata: metadata(connection, reason))
  }

  func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    log.debug("connection closed", metadata: metadata(connection, reason))
  }

  func requestRefused(
    _ connection: ConnectionInfo, client: SocketAddress?, protocol served: DoorProtocol, reason: ConnectionReason
  ) {
    metrics.connections(served.rawValue, "denied", reason.rawValue).add()
    var metadata = metadata(connection, reason)
    if let client { metadata["address"] = "\(client.ipAddress ?? "")" }
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

  private func metadata(_ connection: ConnectionInfo, _ reason: ConnectionReason) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "address": "\(connection.remoteAddress.ipAddress ?? "")", "listener": "\(connection.listener)",
      "reason": "\(reason)",
    ]
    if let version = connection.tlsVersion { metadata["tls"] = "\(version.rawValue)" }
    if let proxy = connection.proxy {
      metadata["proxy"] = "\(connection.peerAddress.ipAddress ?? "")"
      if let version = proxy.tls?.version { metadata["tls"] = "\(version)" }
    }
    return metadata
  }
}
