import NIOCore
import NIOHTTP1

/// Puts the HTTP/1 stack on a channel.
enum HTTPServerPipeline {
  /// Adds the handlers at the end of the pipeline; on the channel's event loop.
  ///
  /// - Parameters:
  ///   - connection: the door's view of the connection; nil on channels that did not come in by a listener.
  ///   - tunnels: asked before `responder`.
  static func install(
    on channel: any Channel, connection: DoorConnection?, responder: any HTTPResponder, tunnels: Tunnels? = nil,
    limits: HTTPLimits
  ) throws {
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = max(limits.headBytes, limits.targetBytes)
    decoderLimits.maxHeaderListSize = limits.headBytes + limits.targetBytes
    decoderLimits.maxHeaderFieldCount = limits.fields
    let decoder = HTTPRequestDecoder(
      leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop,
      limitConfiguration: decoderLimits)
    let handlers = Handlers(
      activity: HTTPActivityHandler(), encoder: HTTPResponseEncoder(), decoder: ByteToMessageHandler(decoder))
    let connectionHandler = HTTPConnectionHandler(
      door: connection, responder: responder, tunnels: tunnels, limits: limits, handlers: handlers)
    handlers.activity.onBytes = { [weak connectionHandler] in connectionHandler?.bytesArrived() }
    try channel.pipeline.syncOperations.addHandlers([
      handlers.activity, handlers.encoder, handlers.decoder, connectionHandler,
    ])
  }

  /// The handlers below the connection's, which leave with it when the protocol changes.
  struct Handlers {
    let activity: HTTPActivityHandler
    let encoder: HTTPResponseEncoder
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
  }
}

/// Tells that bytes have come, before the decoder makes anything of them: a request starts with its first byte, not
/// with its complete head. It is also the way past the encoder.
final class HTTPActivityHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  var onBytes: (() -> Void)?
  private var context: ChannelHandlerContext?
  /// Whether the decoder is at work on bytes, or more of them may come with this turn of the loop.
  private var isReading = false
  private var owesFlush = false
  /// Whether answers are being handed to the socket. If it turns out to be broken, it is read out before it is closed, and
  /// that will be the last chance.
  private(set) var isFlushing = false

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// Writes a whole answer that is encoded already.
  ///
  /// While bytes come in it is sent when they have all been looked at: what a broken socket still holds cannot be decoded
  /// from within the decoder, and the answers to one segment's requests go out together.
  func writeAndFlush(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>) {
    guard let context else { return promise.fail(ChannelError.ioOnClosedChannel) }
    context.write(wrapOutboundOut(bytes), promise: promise)
    if isReading { owesFlush = true } else { flush(context) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    onBytes?()
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    if owesFlush { flush(context) }
    context.fireChannelReadComplete()
  }

  private func flush(_ context: ChannelHandlerContext) {
    owesFlush = false
    isFlushing = true
    context.flush()
    isFlushing = false
  }
}
