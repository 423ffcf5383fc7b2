import Edge
import NIOCore

/// Opens the listeners of a configuration, one after the other.
struct Doors {
  private(set) var listeners: [Listener] = []
  private let parts: GatewayParts
  private let services: DoorServices

  static let adminID = ListenerID(rawValue: "admin")

  init(_ parts: GatewayParts) throws {
    self.parts = parts
    let rtmp = try parts.rtmpServices()
    let plane = parts.webRTC.plane
    let limits = parts.configuration.limits
    let access = WebAccess(rules: parts.access.rules)
    let crossDomain = CrossDomainSource { [rules = parts.access.rules] in rules.current.crossDomain }
    var plain = HTTPRouter()
    var encrypted = GatewayRoutes(web: try RoomWeb(), signalling: parts.signallingServices, access: access).router
    crossDomain.add(to: &plain)
    crossDomain.add(to: &encrypted)
    services = DoorServices(
      rtmp: { channel, door in try rtmp.adopt(channel, door) },
      policy: { channel, door in try crossDomain.adopt(channel, door) }, http: plain, https: encrypted,
      tunnels: parts.tunnels(to: rtmp), ice: { channel, door in try plane.adopt(channel, door) },
      admission: ListAdmission(
        rules: parts.access.rules,
        limits: SessionLimits(sessions: limits.sessions, sessionsPerAddress: limits.sessionsPerAddress)),
      observer: ConnectionLog(metrics: parts.metrics, log: parts.log))
  }

  /// Opens one listener.
  /// - Throws: `ConfigurationError` with the place of the value that this machine refuses.
  mutating func open(_ listener: ListenerConfiguration) async throws {
    let address = listener.address
    var configuration = Edge.ListenerConfiguration(
      id: ListenerID(rawValue: "\(address.value)"), address: try socketAddress(address), accept: listener.accept,
      tls: try listener.tls.map { try certificate($0) }, handshakeTimeout: handshakeTimeout)
    configuration.isBehindTLS = listener.isBehindTLS
    configuration.proxyProtocol = listener.proxyProtocol
    configuration.forwarded = listener.forwarded
    tellOfOldVersions(listener)
    try await open(configuration, services: services, position: address.position)
  }

  /// TLS 1.0 and 1.1 are for players that know nothing better, and should not be forgotten.
  private func tellOfOldVersions(_ listener: ListenerConfiguration) {
    guard let tls = listener.tls, tls.minimumVersion < .tls12 else { return }
    let name = "\(listener.address.value)"
    parts.metrics.weakTLS(name).set(1)
    parts.log.warning(
      "this listener speaks old TLS, which protects little",
      metadata: ["listener": "\(name)", "tls": "\(tls.minimumVersion.rawValue)"])
  }

  /// Opens the admin listener, which is not counted among clients.
  mutating func openAdmin(_ admin: AdminConfiguration) async throws {
    var services = services
    services.rtmp = nil
    services.tunnels = nil
    services.ice = nil
    services.policy = nil
    services.http = OwnHostOnly(responder: AdminRoutes(parts).router)
    services.admission = SessionLimits(sessions: 256, sessionsPerAddress: 256)
    services.observer = SilentObserver()
    try await open(
      Edge.ListenerConfiguration(
        id: Self.adminID, address: try socketAddress(admin.address), accept: [.http],
        handshakeTimeout: handshakeTimeout),
      services: services, position: admin.address.position)
  }

  private var handshakeTimeout: TimeAmount {
    .nanoseconds(parts.configuration.limits.handshakeTimeout.wholeNanoseconds)
  }

  private mutating func open(
    _ configuration: Edge.ListenerConfiguration, services: DoorServices, position: SourcePosition
  ) async throws {
    do throws(ListenerError) {
      listeners.append(try await Listener.bind(configuration, services: services, group: parts.group))
    } catch {
      guard let number = error.errnoCode else { throw ConfigurationError(at: position, "\(error)") }
      throw ConfigurationError.cannotListen(on: error.address.plainText, at: position, errno: number)
    }
  }

  private func certificate(_ tls: ListenerTLS) throws -> TLSContextSource {
    do throws(TLSLoadError) {
      let source = TLSContextSource(try tls.settings.makeContext(validAt: LogTime.now().seconds))
      parts.certificates.add(source, tls)
      return source
    } catch {
      // The files were good when the configuration was read; somebody has changed them since.
      throw tls.problem(error).map { ConfigurationError(problems: [$0]) }
        ?? ConfigurationError(at: tls.certificate.position, "\(error)")
    }
  }

  private func socketAddress(_ address: Located<ListenAddress>) throws -> SocketAddress {
    do {
      return try SocketAddress(ipAddress: address.value.host, port: address.value.port)
    } catch {
      throw ConfigurationError(at: address.position, "\(address.value) is no address to listen on")
    }
  }
}

/// For doors whose visitors are not clients.
private struct SilentObserver: ConnectionObserver {
  func connectionAccepted(_ connection: ConnectionInfo) {}
  func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}
  func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {}
  func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {}
  func acceptFailed(on listener: ListenerID, errnoCode: Int32) {}
}
