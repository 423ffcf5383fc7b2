import Edge
import Logging
import NIOCore
import Testing

@testable import Gateway

/// A whole gateway on free ports of loopback.
struct GatewayStage {
  let gateway: RunningGateway

  static func with(
    rooms: [String: RoomConfiguration] = ["demo": RoomConfiguration()], drainTimeout: Duration = .seconds(20),
    _ body: (GatewayStage) async throws -> Void
  ) async throws {
    try await with(configuration: configuration(rooms: rooms, drainTimeout: drainTimeout), body)
  }

  static func with(
    configuration: Configuration, _ body: (GatewayStage) async throws -> Void
  ) async throws {
    let gateway = try await RunningGateway.start(
      configuration,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let result: Result<Void, any Error>
    do { result = .success(try await body(GatewayStage(gateway: gateway))) } catch { result = .failure(error) }
    await gateway.stop()
    try result.get()
  }

  static func configuration(
    rooms: [String: RoomConfiguration] = ["demo": RoomConfiguration()], drainTimeout: Duration = .seconds(20)
  ) -> Configuration {
    let anyPort = ListenAddress(ip: .loopback, port: 0)
    return Configuration(
      listeners: [
        Gateway.ListenerConfiguration(address: Located(anyPort), accept: [.rtmp])
      ],
      webRTC: WebRTCConfiguration(udpPort: Located(0), advertisedAddresses: ["127.0.0.1"]), rooms: rooms,
      admin: AdminConfiguration(address: Located(anyPort)),
      limits: LimitsConfiguration(handshakeTimeout: .seconds(120)), drainTimeout: drainTimeout)
  }

  var rtmp: SocketAddress { gateway.listeners[0].localAddress }

  /// The routes of the listeners, asked without a socket.
  func routes() throws -> HTTPRouter {
    GatewayRoutes(
      web: try RoomWeb(), signalling: gateway.parts.signallingServices,
      access: WebAccess(rules: gateway.parts.access.rules)
    ).router
  }

  func admin(_ path: String) async throws -> HTTPServerResponse {
    await AdminRoutes(gateway.parts).router.respond(
      to: HTTPServerRequest(method: .get, target: try RequestTarget(path)))
  }
}
