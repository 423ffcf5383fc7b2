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

  /// The connection's facts.
  public let info: ConnectionInfo
  /// When the handshake must be done.
  public let handshakeDeadline: NIODeadline
  /// Whether the bytes come out of TLS.
  public internal(set) var isEncrypted = false

  /// The event loop it is confined to.
  var eventLoop: any EventLoop { channel.eventLoop }

  private let channel: any Channel
  private let services: DoorServices
  private var phase: Phase
  private var recognised: FirstBytes?
  private var reason: ConnectionReason?

  init(info: ConnectionInfo, channel: any Channel, services: DoorServices, handshakeTimeout: TimeAmount) {
    self.info = info
    self.channel = channel
    self.services = services
    handshakeDeadline = info.acceptedAt + handshakeTimeout
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

  /// The first bytes were judged, outside of TLS or inside.
  func recognise(_ first: FirstBytes) {
    recognised = first
  }

  func serve(as served: DoorProtocol) {
    guard case .opening(let timer) = phase else { return }
    phase = .handshaking(served, timer)
    services.observer.connectionServed(info, protocol: served)
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
    services.admission.release(remote: info.remoteAddress, listener: info.listener)
  }
}
