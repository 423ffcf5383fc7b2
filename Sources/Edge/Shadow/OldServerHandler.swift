import NIOCore

/// The last handler of the connection to an old server: tells a ``ShadowedConnection`` what comes of it.
final class OldServerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: ShadowedConnection

  init(_ connection: ShadowedConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection.serverSaid(unwrapInboundIn(data)) }

  func channelReadComplete(context: ChannelHandlerContext) { connection.serverPaused() }

  func channelInactive(context: ChannelHandlerContext) { connection.serverClosed("it closed the connection") }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.serverClosed("\(error)")
    context.close(promise: nil)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { connection.serverTakesMore() }
  }
}
