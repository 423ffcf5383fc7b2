import Glibc
import NIOCore

/// One of the two sockets of a tapped connection: hands what it gets to the other at once.
final class TapEnd: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let side: TCPNarration.Side
  /// Kept alive by its ends as long as one of them is there.
  var connection: TapConnection?
  private(set) var partner: TapEnd?
  private var context: ChannelHandlerContext?
  /// The channel wants to read, and may not yet.
  private var isReadPending = false
  private(set) var isGone = false
  /// What came before there was a partner. Nothing is asked for then, but a socket whose peer has said all hands over
  /// what it holds all the same: no more than the system keeps for it.
  private var early: [ByteBuffer] = []
  private var hasEndedEarly = false

  init(_ side: TCPNarration.Side) { self.side = side }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    partner = nil
    connection = nil
  }

  // MARK: Inbound

  func channelActive(context: ChannelHandlerContext) {
    if side == .client { connection?.clientArrived(context.channel) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard partner != nil else {
      early.append(bytes)
      return
    }
    hand(bytes)
  }

  private func hand(_ bytes: ByteBuffer) {
    // First things first: writing down takes longer than passing on.
    partner?.passOn(bytes)
    connection?.said(bytes, by: side)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      if partner == nil { hasEndedEarly = true } else { end() }
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func end() {
    connection?.finished(side)
    partner?.closeOutput()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { partner?.resume() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection?.reset(by: side)
    partner?.breakOff()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    isGone = true
    connection?.closed(context.channel, side)
    partner?.closeBehindOutput()
    context.fireChannelInactive()
  }

  // MARK: Outbound

  /// Reads only what the other side has room for.
  func read(context: ChannelHandlerContext) {
    if let partner, partner.hasRoom {
      context.read()
    } else {
      isReadPending = true
    }
  }

  private var hasRoom: Bool { context?.channel.isWritable ?? false }

  /// There is a partner now: what came before goes first.
  func join(_ partner: TapEnd) {
    self.partner = partner
    for bytes in early { hand(bytes) }
    early = []
    if hasEndedEarly { end() }
    resume()
  }

  /// There is room again.
  func resume() {
    guard isReadPending, let context else { return }
    isReadPending = false
    read(context: context)
  }

  private func passOn(_ bytes: ByteBuffer) {
    guard let context else { return }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  /// Behind what waits to be sent: when nothing more can be read, closing the output closes all at once.
  private func closeOutput() {
    guard let context, !isGone else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
      self.context?.close(mode: .output, promise: nil)
    }
  }

  /// The other socket is gone. What waits to be sent still goes first.
  private func closeBehindOutput() {
    guard let context, !isGone else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
      self.context?.close(promise: nil)
    }
  }

  /// Closes so that the peer sees a reset.
  func breakOff() {
    guard let context, !isGone else { return }
    let channel = context.channel
    guard let options = channel as? any SocketOptionProvider else {
      channel.close(promise: nil)
      return
    }
    options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
  }
}
