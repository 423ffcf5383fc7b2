import NIOCore

/// What the front door hands connections to. Given by the owner, the same for all listeners or one for each.
public struct DoorServices: Sendable {
  /// Adds a protocol's handlers at the end of the pipeline, synchronously, on the channel's event loop. The bytes
  /// already read arrive by `channelRead` right after it returns. When it throws, the connection is closed.
  public typealias Install = @Sendable (_ channel: any Channel, _ connection: DoorConnection) throws -> Void

  /// RTMP, plain, inside TLS or with Adobe's encryption; nil: refused.
  public var rtmp: Install?
  /// Socket policy requests; nil: refused.
  public var policy: Install?
  /// HTTP in the clear; nil: refused.
  public var http: (any HTTPResponder)?
  /// HTTP inside TLS; nil: refused.
  public var https: (any HTTPResponder)?
  /// RTMPT and RTMPTS; nil: refused. Stands beside HTTP on listeners that accept both.
  public var tunnels: Tunnels?
  /// WebRTC media over TCP; nil: refused.
  public var ice: Install?
  /// Limits of the HTTP stack.
  public var httpLimits: HTTPLimits
  /// Who may come in.
  public var admission: any Admission
  /// Who is told.
  public var observer: any ConnectionObserver

  /// Gathers the services.
  public init(
    rtmp: Install? = nil, policy: Install? = nil, http: (any HTTPResponder)? = nil,
    https: (any HTTPResponder)? = nil, tunnels: Tunnels? = nil, ice: Install? = nil, httpLimits: HTTPLimits = .init(),
    admission: any Admission, observer: any ConnectionObserver
  ) {
    self.rtmp = rtmp
    self.policy = policy
    self.http = http
    self.https = https
    self.tunnels = tunnels
    self.ice = ice
    self.httpLimits = httpLimits
    self.admission = admission
    self.observer = observer
  }

  /// Whether anything stands behind `served`.
  func serves(_ served: DoorProtocol) -> Bool {
    switch served {
    case .rtmp, .rtmpe, .rtmps: rtmp != nil
    case .policy: policy != nil
    case .http: http != nil
    case .https: https != nil
    case .rtmpt, .rtmpts: tunnels != nil
    case .ice: ice != nil
    }
  }

  /// Adds the handlers of `served`.
  func install(_ served: DoorProtocol, on channel: any Channel, for connection: DoorConnection) throws {
    switch served {
    case .rtmp, .rtmpe, .rtmps:
      try rtmp?(channel, connection)
    case .policy:
      try policy?(channel, connection)
    case .http, .https, .rtmpt, .rtmpts:
      let accept = connection.configuration.accept
      let page = accept.contains(served.isEncrypted ? .https : .http) ? served.isEncrypted ? https : http : nil
      try HTTPServerPipeline.install(
        on: channel, connection: connection, responder: page ?? HTTPRouter(),
        tunnels: accept.contains(served.isEncrypted ? .rtmpts : .rtmpt) ? tunnels : nil, limits: httpLimits)
    case .ice:
      try ice?(channel, connection)
    }
  }
}
