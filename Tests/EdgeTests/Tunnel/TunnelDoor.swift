import HTTPTypes
import Logging
import Media
import Metrics
import NIOCore
import NIOPosix
import RTMP
import RTMPTunnel
@testable import Rooms

@testable import Edge

/// Tunnels to a room, asked without HTTP connections: each request may come by any event loop and from any address.
final class TunnelDoor: Sendable {
  let workers = MediaWorkers(count: 1)
  let sessions = LiveSessions()
  /// How long the room waited, each time, for somebody to come back.
  let waits: AsyncStream<Duration>
  let engine: RoomEngine
  let tunnels: Tunnels
  let requests = MetricRegistry().counter("requests", help: "Requests.", labels: ["kind"])
  let connections = MetricRegistry().counter(
    "connections", help: "Decisions.", labels: ["protocol", "decision", "reason"])

  static func with(
    handshakeTimeout: TimeAmount = .minutes(2), caps: TunnelCaps = .init(), limits: TunnelLimits = .init(),
    shadows: [String: ShadowServer] = [:], _ body: (TunnelDoor) async throws -> Void
  ) async throws {
    let door = try TunnelDoor(handshakeTimeout: handshakeTimeout, caps: caps, tunnelLimits: limits, shadows: shadows)
    defer { door.workers.shutDown() }
    try await body(door)
    // What a test has left behind would wait for its time-out.
    door.sessions.endAll(.draining)
  }

  private init(
    handshakeTimeout: TimeAmount, caps: TunnelCaps, tunnelLimits: TunnelLimits, shadows: [String: ShadowServer]
  ) throws {
    let (waits, noteWait) = AsyncStream.makeStream(of: Duration.self)
    self.waits = waits
    engine = RoomEngine(
      rooms: RoomName("demo").map { [$0: RoomEngine.RoomSettings(maximumParticipants: nil)] } ?? [:],
      resources: RenditionResources(workers: workers, droppedFrames: Counter(), codecFailures: Counter()),
      environment: Environment(
        now: { .now() },
        wait: {
          noteWait.yield($0)
          try? await Task.sleep(for: $0)
        }))
    var limits = RTMPLimits()
    limits.handshakeTimeout = handshakeTimeout
    var services = RTMPServices(
      rooms: engine, entrance: Entrance(gate: OpenGate(), sessions: sessions), sessions: sessions, limits: limits,
      metrics: RTMPMetrics(
        bytesIn: Counter(), bytesOut: Counter(), malformedMedia: Counter(), uncarriedFrames: Counter(),
        connections: connections,
        uncarriedMedia: MetricRegistry().counter("uncarried", help: "Media.", labels: ["direction", "codec"])),
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, knowsRoom: { $0 == "demo" })
    if !shadows.isEmpty { services.shadows = try ShadowCounters().services(shadows, needsKey: false) }
    tunnels = Tunnels(
      rtmp: services, limits: tunnelLimits, caps: caps, metrics: TunnelMetrics(requests: requests))
  }

  /// Asks by a connection of some event loop; nil when it is none of the tunnel's.
  func ask(
    _ path: String, _ body: ByteBuffer = ByteBuffer(bytes: [0]), method: HTTPRequest.Method = .post,
    from address: String = "192.0.2.1"
  ) async throws -> HTTPServerResponse? {
    var request = HTTPServerRequest(method: method, target: try RequestTarget(path), body: body)
    request.remoteAddress = try SocketAddress(ipAddress: address, port: 1)
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let (tunnels, asked) = (tunnels, request)
    return try await loop.flatSubmit {
      guard asked.method == .post, let wanted = TunnelRequest(path: asked.target.segments) else {
        return loop.makeSucceededFuture(nil)
      }
      return tunnels.answer(wanted, of: asked, on: loop).map { $0 }
    }.get()
  }

  func open(from address: String = "192.0.2.1") async throws -> String? {
    guard let answer = try await ask("/open/1", from: address), answer.status == .ok else { return nil }
    return String(String(buffer: answer.body).dropLast())
  }
}

/// An RTMP client inside a tunnel; lives in one test.
final class TunnelClient {
  let id: String
  var session: ClientSession
  private(set) var number = 0
  private let door: TunnelDoor

  init(_ id: String, _ door: TunnelDoor, app: String = "live/demo") {
    self.id = id
    self.door = door
    var random = SystemRandomNumberGenerator()
    session = ClientSession(
      connect: ConnectParameters(app: app, tcUrl: "rtmpt://localhost/\(app)"), random: &random, now: .now())
  }

  /// One request: what there is to say, or a poll. Returns its path and body, which may be asked again.
  @discardableResult func exchange() async throws -> (path: String, body: ByteBuffer, answer: HTTPServerResponse?) {
    let said = session.output()
    let path = "/\(said == nil ? "idle" : "send")/\(id)/\(number)"
    let body = said ?? ByteBuffer(bytes: [0])
    number += 1
    let answer = try await door.ask(path, body)
    if let answer, answer.status == .ok {
      var bytes = answer.body
      _ = bytes.readInteger(as: UInt8.self)
      try session.receive(&bytes, at: .now())
    }
    return (path, body, answer)
  }

  /// Asks until such an event comes; nil when the session is refused before.
  func until(_ isWanted: (ClientSessionEvent) -> Bool) async throws -> ClientSessionEvent? {
    while true {
      while let event = session.next() { if isWanted(event) { return event } }
      guard try await exchange().answer?.status == .ok else { return nil }
    }
  }

  func publish(_ name: String) async throws -> StatusCode? {
    guard try await until({ if case .connected = $0 { true } else { false } }) != nil else { return nil }
    try session.createStream()
    guard try await until({ if case .streamCreated = $0 { true } else { false } }) != nil else { return nil }
    try session.publish(name, streamID: 1)
    return try await status()
  }

  func status() async throws -> StatusCode? {
    guard case .status(_, let status)? = try await until({ if case .status = $0 { true } else { false } }) else {
      return nil
    }
    return status.code
  }
}
