import NIOCore

/// One accepted connection as the door and the protocol's handlers see it. Confined to the channel's event loop.
///
/// It holds the handshake time-out, which runs from accept until ``established()``, and reports what became of the
/// connection exactly once.
public final class DoorConnection {
  private enum Phase {
    /// The first bytes are awaited or TLS is being set up.
    case opening(Scheduled<Void>)
    /// The protocol's handlers stand; its handshake goes on.
    case handshaking(DoorProtocol, Scheduled<Void>)
    /// The protocol said that it is established.
    case established(DoorProtocol)
    case ended
  }

  /// The connection's facts, as far as they are known.
  public private(set) var info: ConnectionInfo
  /// When the handshake must be done.
  public let handshakeDeadline: NIODeadline
  /// Whether the bytes come out of TLS, here or in front of this listener.
  public private(set) var isEncrypted: Bool

  /// The event loop it is confined to.
  var eventLoop: any EventLoop { channel.eventLoop }

  let configuration: ListenerConfiguration
  private let channel: any Channel
  private let services: DoorServices
  /// As whom admission counts it; nil when it does not any more.
  private var visitor: Visitor?
  private var phase: Phase
  private var recognised: FirstBytes?
  private var reason: ConnectionReason?

  init(
    info: ConnectionInfo, visitor: Visitor, channel: any Channel, services: DoorServices,
    configuration: ListenerConfiguration
  ) {
    self.info = info
    self.visitor = visitor
    self.channel = channel
    self.services = services
    self.configuration = configuration
    isEncrypted = configuration.isBehindTLS
    handshakeDeadline = info.acceptedAt + configuration.handshakeTimeout
    phase = .ended
    let timer = channel.eventLoop.assumeIsolated().scheduleTask(deadline: handshakeDeadline) {
      self.close(.handshakeTimeout)
    }
    phase = .opening(timer)
    services.observer.connectionAccepted(info)
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.ended() }
  }

  /// The protocol's handshake is done: the handshake time-out no longer runs. From here on the protocol's handler
  /// watches over idleness itself.
  public func established() {
    guard case .handshaking(let served, let timer) = phase else { return }
    timer.cancel()
    phase = .established(served)
    services.observer.connectionEstablished(info, protocol: served)
  }

  /// Says why the connection is about to end; the first reason stays.
  public func note(_ reason: ConnectionReason) {
    if self.reason == nil { self.reason = reason }
  }

  /// Closes the connection at once for `reason`.
  public func close(_ reason: ConnectionReason) {
    note(reason)
    channel.close(promise: nil)
  }

  /// What it is served as; nil while that is not known, and when it is over.
  public var served: DoorProtocol? {
    switch phase {
    case .handshaking(let served, _), .established(let served): served
    case .opening, .ended: nil
    }
  }

  /// Whether the peer may tell by a PROXY header whose connection it is.
  var trustsProxyHeader: Bool { configuration.proxyProtocol?.proxies.contains(info.peerAddress) == true }

  /// The first bytes were judged, outside of TLS or inside.
  func recognise(_ first: FirstBytes) {
    recognised = first
  }

  /// Takes a trusted peer's word for whom it comes, and asks admission about that client.
  func resolve(_ header: ProxyHeader) -> AdmissionDecision {
    info.proxy = header
    guard case .client(let address) = header.origin else { return .admitted }
    info.remoteAddress = address.unmapped
    return admit(as: configuration.forwarded?.proxies.contains(address) == true ? .proxy(address) : .client(address))
  }

  /// A peer that is not trusted sent a header that names a client: it changes nothing.
  func ignore(_ header: ForwardingHeader) {
    services.observer.forwardingIgnored(info, header)
  }

  /// TLS is being set up on this listener.
  func startTLS() {
    isEncrypted = true
  }

  /// TLS stands.
  func finishTLS(version: TLSProtocolVersion?, subject: String?) {
    info.tlsVersion = version
    info.certificateSubject = subject
  }

  /// The protocol is known. A trusted peer that has named nobody is a client itself, unless its requests will.
  func serve(as served: DoorProtocol) -> AdmissionDecision {
    guard case .opening(let timer) = phase else { return .admitted }
    if case .proxy(let address) = visitor,
      !served.isHTTP || configuration.forwarded?.proxies.contains(address) != true,
      case .refused(let reason) = admit(as: .client(address))
    {
      return .refused(reason)
    }
    phase = .handshaking(served, timer)
    services.observer.connectionServed(info, protocol: served)
    return .admitted
  }

  /// Decides on one HTTP request of `client`.
  func judge(requestOf client: SocketAddress) -> AdmissionDecision {
    services.admission.judge(requestOf: client, listener: info.listener)
  }

  /// A request is about to be answered.
  func serve(_ request: HTTPServerRequest) {
    services.observer.requestServed(info, request)
  }

  /// A request is answered by a refusal, and the connection ends with it. `client` is nil when it could not be told.
  func refuseRequest(of client: SocketAddress?, _ reason: ConnectionReason) {
    note(reason)
    guard case .established(let served) = phase else { return }
    services.observer.requestRefused(info, client: client, protocol: served, reason: reason)
  }

  private func admit(as other: Visitor) -> AdmissionDecision {
    if let visitor { services.admission.release(visitor, listener: info.listener) }
    visitor = nil
    let decision = services.admission.admit(other, listener: info.listener)
    if decision == .admitted { visitor = other }
    return decision
  }

  private func ended() {
    let last = phase
    phase = .ended
    switch last {
    case .opening(let timer):
      timer.cancel()
      services.observer.connectionRefused(info, recognised: recognised, reason: reason ?? .leftEarly)
    case .handshaking(let served, let timer):
      timer.cancel()
      services.observer.connectionFailed(info, protocol: served, reason: reason ?? .clientClosed)
    case .established(let served):
      services.observer.connectionClosed(info, protocol: served, reason: reason ?? .clientClosed)
    case .ended:
      return
    }
    if let visitor { services.admission.release(visitor, listener: info.listener) }
  }
}
