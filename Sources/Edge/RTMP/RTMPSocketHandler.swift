import NIOCore

/// Carries an RTMP session over a socket, plain or inside TLS: the last handler of its pipeline.
final class RTMPSocketHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: RTMPConnection
  /// The front door's view of the connection.
  private let door: DoorConnection
  private var context: ChannelHandlerContext?
  private var farewell = Farewell.none

  /// How far the end of the connection has come.
  private enum Farewell {
    case none
    /// The last answer is on its way.
    case saying
    /// It is said, and our direction is closed: the client's close is awaited, not for long.
    case lingering(Scheduled<Void>)
  }

  private static let lingerTime = TimeAmount.seconds(1)

  init(_ connection: RTMPConnection, door: DoorConnection) {
    self.connection = connection
    self.door = door
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    connection.start(on: self)
    QuickAcknowledgement.arm(context.channel)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.receive(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Once media flows there is always something to send, and acknowledgements may be delayed again.
    if !connection.isMediaFlowing { QuickAcknowledgement.arm(context.channel) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { connection.writabilityChanged() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.transportFailed("\(error)")
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stop()
    self.context = nil
  }

  private func stop() {
    connection.stop()
    if case .lingering(let end) = farewell { end.cancel() }
  }
}

extension RTMPSocketHandler: RTMPTransport {
  var eventLoop: any EventLoop { door.eventLoop }

  func established() { door.established() }

  func note(_ reason: ConnectionReason) { door.note(reason) }

  func close(_ reason: ConnectionReason) { door.close(reason) }

  var isWritable: Bool { context?.channel.isWritable ?? true }

  func setReading(_ isReading: Bool) {
    // A channel that has just closed refuses, and reads no more anyway.
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
  }

  func write(_ bytes: ByteBuffer) {
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  func flush() {
    context?.flush()
  }

  /// Closes our direction and awaits the client's close: a socket that is closed with bytes unread sends a reset, and
  /// the client may see that instead of our last answer.
  func finish() {
    guard case .none = farewell, let context else { return }
    farewell = .saying
    let said = context.eventLoop.makePromise(of: Void.self)
    // Written behind everything else, so that it succeeds when all is with the kernel.
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: said)
    let channel = context.channel
    said.futureResult.flatMap { channel.close(mode: .output) }.assumeIsolated().whenComplete { result in
      // Gone in the meantime.
      guard let context = self.context else { return }
      if case .failure = result { return self.door.close(.finished) }
      let end = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { self.door.close(.finished) }
      self.farewell = .lingering(end)
    }
  }
}
