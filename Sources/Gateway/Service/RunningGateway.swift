import Edge
import Logging
import Media
import NIOCore
import NIOPosix
import Rooms
import WebRTC

/// A gateway with open doors: all its parts, and how they end.
struct RunningGateway: Sendable {
  let parts: GatewayParts
  let listeners: [Listener]
  let certificates: [ReloadableCertificate]

  private var log: Logger { parts.log }

  /// Opens everything, or nothing.
  /// - Throws: `ConfigurationError` with the place of the value that this machine refuses.
  static func start(_ configuration: Configuration, log: Logger) async throws -> RunningGateway {
    let parts = try await GatewayParts.assemble(configuration, log: log)
    var doors: Doors
    do {
      doors = try Doors(parts)
    } catch {
      await parts.shutDown()
      throw error
    }
    do {
      for listener in configuration.listeners { try await doors.open(listener) }
      try await doors.openAdmin(configuration.admin)
    } catch {
      for listener in doors.listeners { await listener.closeAll() }
      await parts.shutDown()
      throw error
    }
    parts.readiness.update { $0.phase = .ready }
    log.notice("ready")
    return RunningGateway(parts: parts, listeners: doors.listeners, certificates: doors.certificates)
  }

  /// Reads the certificates anew. One that cannot be read leaves the one in force, and readiness says so.
  func reload() {
    parts.reception.audit?.record(.admin("reload", actor: "sighup"))
    for certificate in certificates {
      let part = "certificate \(certificate.tls.certificate.value)"
      do throws(TLSLoadError) {
        certificate.source.replace(
          with: try certificate.tls.settings.makeContext(validAt: LogTime.now().seconds))
        parts.readiness.update { $0.clear(part: part) }
        log.notice("certificate read", metadata: ["path": "\(certificate.tls.certificate.value)"])
      } catch {
        let detail = certificate.tls.problem(error)?.message ?? "\(error)"
        parts.readiness.update { $0.report(.init(part: part, detail: detail, isBlocking: false)) }
        log.error("certificate kept as it was", metadata: ["reason": "\(detail)"])
      }
    }
  }

  /// Takes nobody in any more, asks all to leave, and waits for that, at most as long as the configuration says.
  func drain() async {
    parts.readiness.update { $0.phase = .draining }
    // The admin listener stays: whoever watches the drain asks there.
    for listener in listeners where listener.configuration.id != Doors.adminID { await listener.drain() }
    await parts.rooms.drain()
    parts.sessions.endAll(.draining)
    let deadline = ContinuousClock.now + parts.configuration.drainTimeout
    while parts.sessions.count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Closes what is still open.
  func stop() async {
    for listener in listeners { await listener.closeAll() }
    await parts.shutDown()
  }
}

/// A certificate that SIGHUP reads anew.
struct ReloadableCertificate: Sendable {
  let source: TLSContextSource
  let tls: ListenerTLS
}
