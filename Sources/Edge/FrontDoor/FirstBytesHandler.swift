import NIOCore
import NIOSSL

/// Holds a connection's first bytes until they tell the protocol, sets up that protocol's handlers, hands the bytes on
/// and leaves the pipeline. Stands once in front of TLS and once more inside of it.
final class FirstBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let configuration: ListenerConfiguration
  private let services: DoorServices
  private let connection: DoorConnection
  private var collected: ByteBuffer?
  private var decided = false

  init(configuration: ListenerConfiguration, services: DoorServices, connection: DoorConnection) {
    self.configuration = configuration
    self.services = services
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // A refused connection may still deliver what the kernel held: it belongs to nobody.
    guard !decided else { return }
    var bytes = unwrapInboundIn(data)
    if var earlier = collected.take() {
      earlier.writeBuffer(&bytes)
      bytes = earlier
    }
    guard let first = FirstBytes.judge(bytes.readableBytesView.prefix(FirstBytes.longestToken)) else {
      // Fewer than `longestToken` bytes, so this cannot grow.
      collected = bytes
      return
    }
    decided = true
    // What TLS carries is told by the second look; until then the answer is that it is TLS.
    connection.recognise(first)
    do {
      try act(on: first, channel: context.channel)
    } catch let reason as Refusal {
      connection.close(reason.reason)
      return
    } catch {
      connection.close(.setupFailed)
      return
    }
    context.fireChannelRead(wrapInboundOut(bytes))
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Inside TLS this is a failed handshake; outside, a broken socket. Neither can be answered.
    connection.close(connection.isEncrypted ? .tlsFailed : .leftEarly)
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

  private func act(on first: FirstBytes, channel: any Channel) throws {
    switch configuration.decision(for: first, encrypted: connection.isEncrypted) {
    case .refuse(let reason):
      throw Refusal(reason: reason)
    case .startTLS:
      guard let tls = configuration.tls else { throw Refusal(reason: .notAccepted(first)) }
      connection.isEncrypted = true
      try channel.pipeline.syncOperations.addHandlers([
        NIOSSLServerHandler(context: tls.current),
        FirstBytesHandler(configuration: configuration, services: services, connection: connection),
      ])
    case .serve(let served):
      guard services.serves(served) else { throw Refusal(reason: .notAccepted(first)) }
      connection.serve(as: served)
      try services.install(served, on: channel, for: connection)
    }
  }
}
