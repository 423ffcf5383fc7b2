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
    guard request.isSameOrigin else {
      return Edge.ProblemDocument(status: .forbidden, detail: "this page may not open the room's web socket").response()
    }
    let identity = signalling.sessions.identify(door: "webrtc", address: request.remoteAddress?.ipAddress ?? "")
    return .webSocket(
      SignallingSession(room: request.parameters["room"] ?? "", services: signalling, identity: identity))
  }
}

extension HTTPServerRequest {
  /// Whether the page that asks came from this very server. Programs that are no browser send no Origin.
  var isSameOrigin: Bool {
    guard let origin = fields[.origin] else { return true }
    return origin.lowercased() == "\(scheme)://\(authority)".lowercased()
  }
}
