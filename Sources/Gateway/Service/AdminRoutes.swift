import Edge
import HTTPTypes
import Media
import NIOCore
import Rooms

/// What the admin address answers.
struct AdminRoutes: Sendable {
  private let parts: GatewayParts
  private let surface: AdminSurface

  init(_ parts: GatewayParts) {
    self.parts = parts
    surface = AdminSurface(metrics: parts.metrics.registry, readiness: parts.readiness)
  }

  /// Health, readiness, metrics, and the API.
  var router: HTTPRouter {
    var router = HTTPRouter()
    for path in ["/healthz", "/readyz"] {
      router.on(.get, RoutePattern(stringLiteral: path)) { _ in answer(path) }
    }
    router.on(.get, "/metrics") { _ in
      await Self.refresh(parts)
      return answer("/metrics")
    }
    AdminAPI(parts).add(to: &router)
    MigrationRoutes(parts.configuration).add(to: &router)
    AccessRoutes(
      keeper: parts.access, certificates: parts.certificates, rooms: parts.roomsInForce,
      listeners: parts.configuration.listeners.map { "\($0.address.value)" }
    ).add(to: &router)
    return router
  }

  private func answer(_ path: String) -> HTTPServerResponse {
    let content = surface.answer(method: "GET", path: path)
    var fields: HTTPFields = [.contentType: content.contentType]
    for field in content.fields {
      if let name = HTTPField.Name(field.name) { fields[name] = field.value }
    }
    return HTTPServerResponse(
      status: HTTPResponse.Status(code: content.status), fields: fields, body: ByteBuffer(string: content.body))
  }

  /// Brings the metrics up to date that are states, not events.
  private static func refresh(_ parts: GatewayParts) async {
    let metrics = parts.metrics
    let census = await parts.rooms.census
    metrics.rooms().set(Int64(census.rooms))
    metrics.participants("flash").set(Int64(census.flashSpeakers))
    let sessions = parts.sessions.census
    // Players of WHEP are listeners too, and have a name of their own here.
    let players = sessions[SessionKind(door: "whep", state: .connected)] ?? 0
    metrics.participants("browser").set(Int64(max(0, census.listeners - players) + census.browserSpeakers))
    metrics.participants("whep").set(Int64(players))
    for door in ["rtmp", "rtmpe", "rtmps", "rtmpt", "rtmpte", "rtmpts", "webrtc", "whep"] {
      for state in SessionState.allCases {
        let count = sessions[SessionKind(door: door, state: state)] ?? 0
        metrics.sessions(door, state.rawValue).set(Int64(count))
      }
    }
    for (label, seconds) in parts.workers.transcodeSeconds {
      let counter = metrics.transcodeTime(label.from, label.to)
      // Two scrapes at one time may both find the same growth: the second adds nothing.
      let nanoseconds = UInt64(max(0, seconds * 1e9))
      let known = counter.value
      if nanoseconds > known { counter.add(nanoseconds - known) }
    }
  }
}
