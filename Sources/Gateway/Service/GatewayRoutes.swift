import Edge
import HTTPTypes
import NIOCore

/// The HTTPS surface: pages, signalling, WHEP.
struct GatewayRoutes: Sendable {
  private let web: RoomWeb
  private let signalling: SignallingServices
  private let whep: WHEPRoutes
  private let access: WebAccess

  init(web: RoomWeb, signalling: SignallingServices, access: WebAccess) {
    self.web = web
    self.signalling = signalling
    self.whep = WHEPRoutes(signalling, access: access)
    self.access = access
  }

  /// All routes of the surface.
  var router: HTTPRouter {
    var router = HTTPRouter()
    router.on(.get, "/rooms/{room}") { await page($0) }
    router.on(.get, "/assets/{name}") { web.asset($0.parameters["name"] ?? "", for: $0) }
    router.on(.get, "/rooms/{room}/signal") { access.refusal(of: $0) ?? signal($0) }
    whep.add(to: &router)
    return router
  }

  /// The page of no room says so to people, as it does when a room goes; programs are told by the status.
  private func page(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    if let refusal = access.refusal(of: request) { return refusal }
    let isThere = await signalling.rooms.has(request.parameters["room"] ?? "")
    return isThere ? web.page(for: request) : web.pageOfNoRoom
  }

  private func signal(_ request: HTTPServerRequest) -> HTTPServerResponse {
    guard access.allows(origin: request.fields[.origin], of: request) else {
      return ProblemDocument(status: .forbidden, detail: "this page may not open the room's web socket").response()
    }
    let identity = signalling.sessions.identify(
      door: "webrtc", listener: request.listener, address: request.remoteAddress?.ipAddress ?? "",
      certificateSubject: request.certificateSubject)
    return .webSocket(
      SignallingSession(
        room: request.parameters["room"] ?? "", services: signalling, identity: identity,
        origin: request.fields[.origin]))
  }
}
