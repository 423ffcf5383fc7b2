import HTTPTypes
import NIOCore
import RTMPTunnel

/// The tunnel's half of the HTTP surface: opens sessions, and brings each request to its session.
///
/// Answers come without a task: a request costs its connection's event loop what it costs, and a hop when its session
/// lives on another loop.
public final class Tunnels: Sendable {
  /// What the sessions share.
  struct Services: Sendable {
    var rtmp: RTMPServices
    let limits: TunnelLimits
    let metrics: TunnelMetrics
  }

  private let services: Services
  private let register: TunnelRegister

  /// Tunnels to the rooms behind `rtmp`.
  public init(rtmp: RTMPServices, limits: TunnelLimits = .init(), caps: TunnelCaps = .init(), metrics: TunnelMetrics) {
    services = Services(rtmp: rtmp, limits: limits, metrics: metrics)
    register = TunnelRegister(caps: caps)
  }

  /// Sessions now, those that only remember their last answer included.
  public var count: Int { register.count }

  /// Answers a request that came by a connection of `loop` and whose client was let in.
  ///
  /// - Parameters:
  ///   - asked: what the request asks for, by its path.
  ///   - allowsEncryption: whether a session that is opened now may be RTMPE, which makes it RTMPTE.
  func answer(
    _ asked: TunnelRequest, of request: HTTPServerRequest, on loop: any EventLoop, allowsEncryption: Bool = false
  ) -> EventLoopFuture<HTTPServerResponse> {
    switch asked {
    case .identify: return loop.makeSucceededFuture(.noTunnelSession)
    case .open:
      return loop.makeSucceededFuture(open(for: request, on: loop, allowsEncryption: allowsEncryption))
    case .exchange(let kind, let id, let number):
      guard let entry = register[id] else {
        services.metrics.count(.unknownSession)
        return loop.makeSucceededFuture(.noTunnelSession)
      }
      let answer = loop.makePromise(of: HTTPServerResponse.self)
      let body = request.body
      if entry.loop.inEventLoop {
        entry.connection.value.receive(kind, number: number, body: body, answer: answer)
      } else {
        entry.loop.execute { entry.connection.value.receive(kind, number: number, body: body, answer: answer) }
      }
      return answer.futureResult
    }
  }

  /// Takes a request that was read before its connection broke; its answer goes nowhere. Nobody is there any more to
  /// open a session for.
  func take(_ asked: TunnelRequest, of request: HTTPServerRequest, on loop: any EventLoop) {
    guard case .exchange = asked else { return }
    _ = answer(asked, of: request, on: loop)
  }

  private func open(
    for request: HTTPServerRequest, on loop: any EventLoop, allowsEncryption: Bool
  ) -> HTTPServerResponse {
    guard let client = request.remoteAddress else { return .noTunnelSession }
    let door: DoorProtocol = request.scheme == "https" ? .rtmpts : .rtmpt
    let place: TunnelPlace
    do {
      place = try register.takePlace(for: client, listener: request.listener)
    } catch {
      services.metrics.count(.refused)
      services.rtmp.metrics.connections(door.rawValue, "denied", error.reason.rawValue).add()
      return ProblemDocument(status: .serviceUnavailable, detail: "too many tunnel sessions").response()
    }
    services.metrics.count(.open)
    var random = SystemRandomNumberGenerator()
    let id = TunnelSessionID(random: &random)
    let identity = services.rtmp.sessions.identify(
      door: door.rawValue, listener: request.listener, address: client.ipAddress ?? "",
      certificateSubject: request.certificateSubject, tls: request.tlsVersion?.rawValue)
    var services = services
    services.rtmp = services.rtmp.counting(door)
    let connection = TunnelConnection(
      id: id, identity: identity, place: place, services: services, register: register, eventLoop: loop,
      allowsEncryption: allowsEncryption)
    register.enter(id, connection, on: loop)
    connection.start()
    return .tunnel(ByteBuffer(string: "\(id)\n"))
  }
}
