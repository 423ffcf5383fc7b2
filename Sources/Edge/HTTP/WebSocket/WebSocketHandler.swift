import NIOCore
import NIOWebSocket

/// One web socket on its event loop: frames to messages and back, pings, and the close handshake.
final class WebSocketHandler: ChannelDuplexHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  /// The connection has something to send.
  struct Wake: Sendable {}
  /// The service takes messages again.
  struct Demand: Sendable {}

  private enum Phase {
    case open
    /// Our close frame is out; the peer's is awaited, for a bounded time.
    case closing
    case ended
  }

  private let door: DoorConnection?
  private let connection: WebSocketConnection
  private let source: WebSocketMessages.Producer.Source
  private let limits: WebSocketLimits
  private var assembler: WebSocketAssembler
  private var phase = Phase.open
  private var timer: Scheduled<Void>?
  private var unansweredPings = 0
  private var pongsInFlight = 0
  private var isPaused = false
  private var readIsHeld = false
  private var context: ChannelHandlerContext?

  private init(
    door: DoorConnection?, connection: WebSocketConnection, source: WebSocketMessages.Producer.Source,
    limits: WebSocketLimits
  ) {
    self.door = door
    self.connection = connection
    self.source = source
    self.limits = limits
    assembler = WebSocketAssembler(messageBytes: limits.messageBytes)
  }

  /// Adds the web-socket handlers at the end of the pipeline and starts the service; on the channel's event loop.
  static func install(
    on channel: any Channel, door: DoorConnection?, service: any WebSocketService, limits: WebSocketLimits
  ) throws {
    let new = WebSocketMessages.Producer.makeSequence(
      elementType: String.self,
      backPressureStrategy: .init(
        lowWatermark: max(0, limits.waitingMessages / 4), highWatermark: max(1, limits.waitingMessages)),
      finishOnDeinit: true, delegate: WebSocketDemand(channel: channel))
    let connection = WebSocketConnection(
      channel: channel, limits: limits, messages: WebSocketMessages(base: new.sequence))
    // A frame may be as long as a message, and a control frame 125 bytes.
    let decoder = WebSocketFrameDecoder(maxFrameSize: max(125, limits.messageBytes))
    try channel.pipeline.syncOperations.addHandlers([
      WebSocketFrameEncoder(), ByteToMessageHandler(decoder),
      WebSocketHandler(door: door, connection: connection, source: new.source, limits: limits),
    ])
    Task {
      await service.serve(connection)
      connection.close()
    }
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    armPing()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end(WebSocketClosure(code: .abnormal, reason: "", isByPeer: true))
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(WebSocketClosure(code: .abnormal, reason: "", isByPeer: true))
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch phase {
    case .open:
      do {
        if let received = try assembler.receive(frame) { take(received) }
      } catch {
        fail(error.code, "\(error)", decoderWorks: true)
      }
    case .closing:
      if frame.opcode == .connectionClose { close() }
    case .ended:
      break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? NIOWebSocketError {
    case .invalidFrameLength:
      let violation = WebSocketViolation.messageTooBig(limit: limits.messageBytes)
      fail(violation.code, "\(violation)", decoderWorks: false)
    case .fragmentedControlFrame, .multiByteControlFrameLength:
      fail(.protocolError, "a control frame is whole and has at most 125 bytes (RFC 6455, 5.5)", decoderWorks: false)
    case .none:
      // The decoder's complaints about bytes behind an error that was answered already.
      guard !(error is ByteToMessageDecoderError) else { return }
      door?.note(ConnectionReason(closedBy: error))
      close()
    }
  }

  func read(context: ChannelHandlerContext) {
    if case .open = phase, isPaused {
      readIsHeld = true
    } else {
      context.read()
    }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    switch event {
    case is Wake:
      sendDue()
      promise?.succeed()
    case is Demand:
      resume()
      promise?.succeed()
    default:
      context.triggerUserOutboundEvent(event, promise: promise)
    }
  }

  // MARK: Inbound

  private func take(_ received: WebSocketAssembler.Received) {
    guard let context else { return }
    switch received {
    case .text(let message):
      if case .stopProducing = source.yield(message) { isPaused = true }
    case .ping(let payload):
      // Only so many answers wait for a peer that asks but does not read (RFC 6455, 5.5.3).
      guard pongsInFlight < Self.maximumPongsInFlight else { return }
      pongsInFlight += 1
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.assumeIsolated().whenComplete { _ in self.pongsInFlight -= 1 }
      write(.pong, payload, promise: sent)
      context.flush()
    case .pong:
      unansweredPings = 0
    case .close(let code, let reason):
      connection.closed(WebSocketClosure(code: code, reason: reason, isByPeer: true))
      source.finish()
      door?.note(.finished)
      phase = .closing
      // For a peer that takes nothing any more.
      armClose(limits.closeTimeout)
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.assumeIsolated().whenComplete { _ in self.close() }
      write(.connectionClose, Self.closePayload(code, ""), promise: sent)
      context.flush()
    }
  }

  private func resume() {
    isPaused = false
    guard readIsHeld, let context else { return }
    readIsHeld = false
    context.read()
  }

  // MARK: Outbound

  private func sendDue() {
    guard case .open = phase, let context else { return }
    let due = connection.takeDue()
    let connection = connection
    for message in due.messages {
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.whenComplete { _ in connection.sent(message) }
      write(.text, context.channel.allocator.buffer(string: message), promise: sent)
    }
    if let closure = due.closure {
      door?.note(closure.code == .tryAgainLater ? .tooSlow : .finished)
      beginClosing(closure, timeout: limits.closeTimeout)
    }
    context.flush()
  }

  private func fail(_ code: WebSocketCloseCode, _ reason: String, decoderWorks: Bool) {
    guard case .open = phase, let context else { return }
    let closure = WebSocketClosure(code: code, reason: reason, isByPeer: false)
    door?.note(.webSocketViolation)
    connection.closed(closure)
    // A decoder that gave up does not see the peer's answer: only its end of the connection tells.
    beginClosing(closure, timeout: decoderWorks ? limits.closeTimeout : min(.seconds(1), limits.closeTimeout))
    context.flush()
  }

  private func beginClosing(_ closure: WebSocketClosure, timeout: TimeAmount) {
    phase = .closing
    source.finish()
    armClose(timeout)
    write(.connectionClose, Self.closePayload(closure.code, closure.reason), promise: nil)
    resume()
  }

  private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, promise: EventLoopPromise<Void>?) {
    context?.write(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: promise)
  }

  private static func closePayload(_ code: WebSocketCloseCode, _ reason: String) -> ByteBuffer {
    guard code.isAllowedOnTheWire else { return ByteBuffer() }
    var payload = ByteBuffer(integer: code.rawValue)
    for character in reason {
      guard payload.readableBytes + character.utf8.count <= maximumControlPayload else { break }
      payload.writeString(String(character))
    }
    return payload
  }

  // MARK: Time and end

  private func armPing() {
    guard let context else { return }
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.pingInterval) { self.pingIsDue() }
  }

  private func armClose(_ timeout: TimeAmount) {
    guard let context else { return }
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { self.close() }
  }

  private func pingIsDue() {
    guard case .open = phase, let context else { return }
    guard unansweredPings < limits.missedPongs else {
      door?.note(.pingTimeout)
      end(WebSocketClosure(code: .abnormal, reason: "no pong", isByPeer: true))
      return context.close(promise: nil)
    }
    // While the service is behind, pongs are not read: they cannot be missed.
    if !isPaused {
      unansweredPings += 1
      write(.ping, ByteBuffer(), promise: nil)
      context.flush()
    }
    armPing()
  }

  private func close() {
    context?.close(promise: nil)
  }

  private func end(_ closure: WebSocketClosure) {
    guard !isEnded else { return }
    phase = .ended
    timer?.cancel()
    timer = nil
    connection.closed(closure)
    source.finish()
  }

  private var isEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  private static let maximumPongsInFlight = 8
  /// RFC 6455, section 5.5.
  private static let maximumControlPayload = 125
}
