import Logging
import NIOCore
import RTMP
import Rooms

/// What RTMP connections share: the rooms, who may come in, and where they are counted.
public struct RTMPServices: Sendable {
  let rooms: RoomEngine
  let entrance: Entrance
  let sessions: LiveSessions
  let limits: RTMPLimits
  private(set) var metrics: RTMPMetrics
  let log: Logger
  /// Whether a room of that name is configured; asked on the connection's loop, so it must not block.
  let knowsRoom: @Sendable (String) -> Bool
  /// Old servers that go on serving the clients of their rooms; nil: there are none.
  public var shadows: ShadowServices?

  /// Puts the services together.
  public init(
    rooms: RoomEngine, entrance: Entrance, sessions: LiveSessions, limits: RTMPLimits, metrics: RTMPMetrics,
    log: Logger, knowsRoom: @escaping @Sendable (String) -> Bool
  ) {
    self.rooms = rooms
    self.entrance = entrance
    self.sessions = sessions
    self.limits = limits
    self.metrics = metrics
    self.log = log
    self.knowsRoom = knowsRoom
  }

  /// Makes the channel an RTMP connection. Call on the channel's event loop.
  public func adopt(_ channel: any Channel, _ door: DoorConnection) throws {
    let served = door.served ?? .rtmp
    let identity = sessions.identify(
      door: served.rawValue, listener: door.info.listener, address: door.info.remoteAddress.ipAddress ?? "",
      certificateSubject: door.info.certificateSubject, tls: door.info.tlsVersion?.rawValue)
    let connection = RTMPConnection(
      services: counting(served), identity: identity, allowsEncryption: served == .rtmpe, now: .now())
    try channel.pipeline.syncOperations.addHandler(RTMPSocketHandler(connection, door: door))
  }
}

extension RTMPServices {
  /// The same, counting refusals as of those who came by `door`.
  func counting(_ door: DoorProtocol) -> RTMPServices {
    var services = self
    services.count(as: door.rawValue)
    return services
  }

  /// Counts refusals as of those who came by `door` from here on.
  mutating func count(as door: String) { metrics.door = door }
}

extension ConnectionReason {
  /// The client broke a rule of RTMP.
  static let protocolError = ConnectionReason(rawValue: "protocol_error")
  /// Another connection publishes under the client's name now.
  static let takenOver = ConnectionReason(rawValue: "taken_over")
  /// The old server that serves the client closed the session.
  static let serverClosed = ConnectionReason(rawValue: "server_closed")
  /// The old server that should serve the client cannot be reached.
  static let serverUnreachable = ConnectionReason(rawValue: "server_unreachable")
}
