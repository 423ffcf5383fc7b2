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
  /// HTTP, plain or inside TLS; nil: refused.
  public var http: (any HTTPResponder)?
  /// Limits of the HTTP stack.
  public var httpLimits: HTTPLimits
  /// Who may come in.
  public var admission: any Admission
  /// Who is told.
  public var observer: any ConnectionObserver

  /// Gathers the services.
  public init(
    rtmp: Install? = nil, policy: Install? = nil, http: (any HTTPResponder)? = nil, httpLimits: HTTPLimits = .init(),
    admission: any Admission, observer: any ConnectionObserver
  ) {
    self.rtmp = rtmp
    self.policy = policy
    self.http = http
    self.httpLimits = httpLimits
    self.admission = admission
    self.observer = observer
  }

  /// Whether anything stands behind `served`.
  func serves(_ served: DoorProtocol) -> Bool {
    switch served {
    case .rtmp, .rtmpe, .rtmps: rtmp != nil
    case .policy: policy != nil
    case .http, .https, .rtmpt, .rtmpts: http != nil
    case .ice: false
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
      guard let http else { return }
      try HTTPServerPipeline.install(on: channel, connection: connection, responder: http, limits: httpLimits)
    case .ice:
      return
    }
  }
}
