import Edge
import HTTPTypes
import NIOCore

/// The HTTPS surface: pages, signalling, WHEP.
struct GatewayRoutes: Sendable {
  private let web: RoomWeb
  private let signalling: SignallingServices
  private let whep: WHEPRoutes

  init(web: RoomWeb, signalling: SignallingServices) {
    self.web = web
    self.signalling = signalling
    self.whep = WHEPRoutes(signalling)
  }

  /// All routes of the surface.
  var router: HTTPRouter {
    var router = HTTPRouter()
    router.on(.get, "/rooms/{room}") { web.page(for: $0) }
    router.on(.get, "/assets/{name}") { web.asset($0.parameters["name"] ?? "", for: $0) }
    router.on(.get, "/rooms/{room}/signal") { signal($0) }
    whep.add(to: &router)
    return router
  }

  private func signal(_ request: HTTPServerRequest) -> HTTPServerResponse {
    // Only browsers send Origin, and only they can be misled by another site's page.
    guard request.fields[.origin] == nil || request.isFromSameOrigin else {
      return ProblemDocument(status: .forbidden, detail: "this page may not open the room's web socket").response()
    }
    let identity = signalling.sessions.identify(
      door: "webrtc", listener: request.listener, address: request.remoteAddress?.ipAddress ?? "")
    return .webSocket(
      SignallingSession(
        room: request.parameters["room"] ?? "", services: signalling, identity: identity,
        origin: request.fields[.origin]))
  }
}
