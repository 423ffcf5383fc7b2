import NIOCore
import NIOSSL

/// Holds a connection's first bytes until they tell the protocol, sets up that protocol's handlers, hands the bytes on
/// and leaves the pipeline. Stands once in front of TLS and once more inside of it.
///
///     PROXY header, if any -> protocol
///     PROXY header, if any -> TLS -> protocol
final class FirstBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// What the first bytes may be.
  private enum Place {
    /// Anything, a PROXY header too.
    case outermost
    /// A PROXY header has been read.
    case behindProxyHeader
    /// TLS is ours.
    case insideTLS(NIOSSLServerHandler)
    /// Somebody else's turn.
    case decided
  }

  private let services: DoorServices
  private let connection: DoorConnection
  private var place: Place
  private var collected: ByteBuffer?

  private var configuration: ListenerConfiguration { connection.configuration }

  init(services: DoorServices, connection: DoorConnection) {
    self.services = services
    self.connection = connection
    place = .outermost
  }

  private init(inside tls: NIOSSLServerHandler, services: DoorServices, connection: DoorConnection) {
    self.services = services
    self.connection = connection
    place = .insideTLS(tls)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // A refused connection may still deliver what the kernel held: it belongs to nobody.
    if case .decided = place { return }
    var bytes = unwrapInboundIn(data)
    if var earlier = collected.take() {
      earlier.writeBuffer(&bytes)
      bytes = earlier
    }
    do {
      guard let first = try judge(&bytes) else {
        // Fewer than `longestToken` bytes, or than a PROXY header may have, so this cannot grow.
        if bytes.readableBytes > 0 { collected = bytes }
        return
      }
      // What TLS carries is told by the second look; until then the answer is that it is TLS.
      connection.recognise(first)
      try act(on: first, channel: context.channel)
    } catch let refusal as Refusal {
      place = .decided
      connection.close(refusal.reason)
      return
    } catch {
      place = .decided
      connection.close(.setupFailed)
      return
    }
    place = .decided
    context.fireChannelRead(wrapInboundOut(bytes))
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Inside TLS this is a failed handshake; outside, a broken socket. Neither can be answered.
    if case .insideTLS = place { connection.close(.tlsFailed) } else { connection.close(.leftEarly) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is DrainEvent {
      connection.close(.draining)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  private struct Refusal: Error {
    let reason: ConnectionReason
  }

  /// What the bytes are, once they tell; a PROXY header before that is taken off.
  private func judge(_ bytes: inout ByteBuffer) throws -> FirstBytes? {
    guard let first = FirstBytes.judge(bytes.readableBytesView.prefix(FirstBytes.longestToken)) else { return nil }
    guard case .outermost = place, let trust = configuration.proxyProtocol else { return first }
    let version: ProxyHeader.Version
    switch first {
    case .proxyV1: version = .v1
    case .proxyV2: version = .v2
    default:
      if trust.isRequired, connection.trustsProxyHeader { throw Refusal(reason: .proxyMissing) }
      return first
    }
    connection.recognise(first)
    let header: ProxyHeader?
    do throws(ProxyHeaderError) {
      header = try ProxyHeader.read(version, from: &bytes, limits: trust.limits)
    } catch {
      throw Refusal(reason: .proxyMalformed)
    }
    guard let header else { return nil }
    place = .behindProxyHeader
    if !connection.trustsProxyHeader {
      connection.ignore(version == .v1 ? .proxyV1 : .proxyV2)
    } else if case .refused(let reason) = connection.resolve(header) {
      throw Refusal(reason: reason)
    }
    return FirstBytes.judge(bytes.readableBytesView.prefix(FirstBytes.longestToken))
  }

  private func act(on first: FirstBytes, channel: any Channel) throws {
    if case .insideTLS(let handler) = place {
      connection.finishTLS(
        version: handler.tlsVersion.map(TLSProtocolVersion.init), subject: handler.verifiedSubject)
    }
    switch configuration.decision(for: first, encrypted: connection.isEncrypted) {
    case .refuse(let reason):
      throw Refusal(reason: reason)
    case .startTLS:
      guard let tls = configuration.tls else { throw Refusal(reason: .notAccepted(first)) }
      connection.startTLS()
      let handler = NIOSSLServerHandler(context: tls.current)
      try channel.pipeline.syncOperations.addHandlers([
        handler, FirstBytesHandler(inside: handler, services: services, connection: connection),
      ])
    case .serve(let served):
      guard services.serves(served) else { throw Refusal(reason: .notAccepted(first)) }
      if case .refused(let reason) = connection.serve(as: served) { throw Refusal(reason: reason) }
      try services.install(served, on: channel, for: connection)
    }
  }
}
