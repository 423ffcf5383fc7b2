import HTTPTypes
import NIOCore
import NIOHTTP1
import RTMPTunnel

/// The conversation on one HTTP/1 connection: requests are answered one at a time and in order, each phase has its
/// time-out, and nothing is read while an answer is being made.
///
///     waiting -> readingHead -> readingBody -> responding -> writing -> waiting
///        (any but responding) -- failure --> writing -> lingering -> closed
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  let door: DoorConnection?
  let handlers: HTTPServerPipeline.Handlers
  private let responder: any HTTPResponder
  let tunnels: Tunnels?
  let limits: HTTPLimits
  var reader: HTTPRequestReader
  var phase = Phase.waiting
  var queue = CircularBuffer<Exchange>()
  /// When the phase has lasted too long.
  var deadline: NIODeadline?
  /// The loop's task that looks at it, perhaps too early.
  var timer: (fires: NIODeadline, task: Scheduled<Void>)?
  var context: ChannelHandlerContext?
  var answered = 0
  var readIsHeld = false
  private var continueIsDue = false
  private var isDraining = false
  /// Whether the last request was of a tunnel's live session: while the gateway drains, the next one fetches its farewell.
  private var carriesTunnel = false
  /// Answers of a tunnel that wait for the client to read, and whether one is on its way to it.
  var unread = UnreadAnswers()
  var isSendingUnread = false
  var tunnelAnswers = TunnelAnswerWriter()
  /// What comes behind them.
  var behindUnread: (() -> Void)?

  init(
    door: DoorConnection?, responder: any HTTPResponder, tunnels: Tunnels?, limits: HTTPLimits,
    handlers: HTTPServerPipeline.Handlers
  ) {
    self.door = door
    self.tunnels = tunnels
    self.responder = responder
    self.limits = limits
    self.handlers = handlers
    let origin = HTTPRequestReader.Origin(
      scheme: door?.isEncrypted == true ? "https" : "http", remoteAddress: door?.info.remoteAddress,
      trust: door?.configuration.forwarded, hasTunnels: tunnels != nil,
      listener: door?.info.listener ?? ListenerID(rawValue: "-"),
      connectionID: door?.info.id ?? 0, certificateSubject: door?.info.certificateSubject,
      tlsVersion: door?.info.tlsVersion)
    reader = HTTPRequestReader(limits: limits, origin: origin)
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // From here on this handler keeps the time, so that a slow request is answered before it is closed. The first
    // head shares the time that the connection has for its handshake.
    door?.established()
    let deadline = context.eventLoop.now + limits.headTimeout
    arm(at: min(deadline, door?.handshakeDeadline ?? deadline))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    deliverUnanswered()
    end()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    deliverUnanswered()
    end()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch phase {
    case .lingering, .ended, .writing(.linger), .writing(.close): return
    case .waiting, .readingHead, .readingBody, .responding, .writing(.nextRequest): break
    }
    guard let output = reader.receive(unwrapInboundIn(data)) else {
      if case .readingHead = phase, reader.isInBody { enterBody() }
      return
    }
    take(output)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is HTTPParserError, is ByteToMessageDecoderError:
      if let output = reader.fail(HTTPRequestReader.problem(for: error)) { take(output) }
    default:
      close(ConnectionReason(closedBy: error))
    }
  }

  /// Nothing is read while an answer is due, so that a client cannot make the queue grow; but a socket that turns out to
  /// be broken while a tunnel's answers are sent gives out what it holds now or never.
  func read(context: ChannelHandlerContext) {
    switch phase {
    case .responding, .writing: if handlers.activity.isFlushing { context.read() } else { readIsHeld = true }
    case .waiting, .readingHead, .readingBody, .lingering, .ended: context.read()
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is DrainEvent else { return context.fireUserInboundEventTriggered(event) }
    isDraining = true
    if case .waiting = phase, !carriesTunnel { close(.draining) }
  }

  /// Called for every read before the decoder.
  func bytesArrived() {
    guard case .waiting = phase else { return }
    phase = .readingHead
    // The time for the first head began when the handler was added.
    if answered > 0 { arm(after: limits.headTimeout) }
  }

  // MARK: Requests

  func take(_ output: HTTPRequestReader.Output) {
    switch output {
    case .continueExpected:
      continueIsDue = true
      if case .readingHead = phase { enterBody() }
    case .failure(let problem):
      if reader.forwardedError != nil { door?.refuseRequest(of: nil, .forwardedMalformed) }
      queue.append(.failure(problem))
    case .request(let received):
      for field in received.ignoredFields { door?.ignore(field.header) }
      guard isAllowed(received.request) else {
        if let failure = reader.fail(ProblemDocument(status: .forbidden)) { take(failure) }
        return
      }
      queue.append(.request(received))
      if queue.count > limits.pipelinedRequests {
        let problem = ProblemDocument(status: .tooManyRequests, detail: "too many requests before the answers")
        if let failure = reader.fail(problem) { take(failure) }
      }
    }
    startNext()
  }

  /// Each request is judged: its client may be another one than the last request's, and lists may have changed.
  private func isAllowed(_ request: HTTPServerRequest) -> Bool {
    guard let door, let client = request.remoteAddress else { return true }
    guard case .refused(let reason) = door.judge(requestOf: client) else { return true }
    door.refuseRequest(of: client, reason)
    return false
  }

  /// RTMPE in a tunnel, where both are accepted. In TLS nobody needs it.
  private var allowsRTMPTE: Bool {
    door.map { $0.configuration.accept.contains(.rtmpe) && !$0.isEncrypted } ?? false
  }

  private func enterBody() {
    phase = .readingBody
    arm(after: limits.bodyTimeout)
    guard continueIsDue, let context else { return }
    continueIsDue = false
    context.writeAndFlush(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
  }

  private func startNext() {
    switch phase {
    case .waiting, .readingHead, .readingBody: break
    case .responding, .writing, .lingering, .ended: return
    }
    guard let context, let exchange = queue.popFirst() else { return }
    continueIsDue = reader.isInBody && continueIsDue
    switch exchange {
    case .failure(let problem):
      door?.note(.badRequest)
      write(problem.response(), to: nil, then: .linger)
    case .request(let received):
      answered += 1
      let number = answered
      let loop = context.eventLoop
      let request = received.request
      door?.serve(request)
      arm(after: limits.responseTimeout)
      if let tunnels, let asked = received.tunnel {
        carriesTunnel = true
        let answer = tunnels.answer(asked, of: request, on: loop, allowsEncryption: allowsRTMPTE)
        phase = .responding(received, nil, number: number)
        return answer.assumeIsolated().whenSuccess { self.responded($0, number: number) }
      }
      carriesTunnel = false
      // No responder knows the tunnel's addresses, and would call them unknown.
      if tunnels != nil, request.method != .post, TunnelRequest(path: request.target.segments) != nil {
        phase = .responding(received, nil, number: number)
        let problem = ProblemDocument(status: .methodNotAllowed, detail: "allowed: POST")
        return responded(problem.response(fields: [.allow: "POST"]), number: number)
      }
      let handler = NIOLoopBound(self, eventLoop: loop)
      let task = Task { [responder] in
        let response = await responder.respond(to: request)
        loop.execute { handler.value.responded(response, number: number) }
      }
      phase = .responding(received, task, number: number)
    }
  }

  private func responded(_ response: HTTPServerResponse, number: Int) {
    guard case .responding(let received, _, let awaited) = phase, awaited == number else { return }
    carriesTunnel = carriesTunnel && response.status == .ok
    switch response.content {
    case .body:
      let ends = !received.keepsAlive || isDraining && !carriesTunnel
      if carriesTunnel, !ends { return answerTunnel(response, speaksHTTP11: received.request.speaksHTTP11) }
      write(response, to: received, then: ends ? .close : .nextRequest)
    case .webSocket(let service, let socketLimits):
      changeToWebSocket(response, for: received, service: service, limits: socketLimits)
    }
  }

  // MARK: Answers

  func write(
    _ response: HTTPServerResponse, to received: HTTPRequestReader.Received?, then after: AfterWriting
  ) {
    guard let context else { return }
    phase = .writing(after)
    arm(after: limits.writeTimeout)
    guard unread.isEmpty else { return behindUnread = { self.write(response, to: received, then: after) } }
    let closes = if case .nextRequest = after { false } else { true }
    let head = HTTPResponseHead(response, closes: closes, speaksHTTP11: received?.request.speaksHTTP11 ?? true)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let body = response.body
    if body.readableBytes > 0, received?.request.method != .head, response.mayHaveBody {
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.wrote(then: after)
      case .failure: self.close(.clientClosed)
      }
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
  }

  func wrote(then after: AfterWriting) {
    guard case .writing = phase, let context else { return }
    switch after {
    case .close:
      close(.finished)
    case .linger:
      linger(context)
    case .nextRequest:
      phase = .waiting
      if reader.isInBody {
        enterBody()
      } else {
        arm(after: limits.idleTimeout)
      }
      startNext()
      switch phase {
      case .waiting where isDraining && !carriesTunnel: close(.draining)
      case .waiting, .readingHead, .readingBody: resumeReading(context)
      case .responding, .writing, .lingering, .ended: break
      }
    }
  }

  /// Closes our side and lets the client read the answer: closing with unread bytes would reset the connection.
  private func linger(_ context: ChannelHandlerContext) {
    phase = .lingering
    arm(after: limits.lingerTimeout)
    let closed = context.eventLoop.makePromise(of: Void.self)
    closed.futureResult.assumeIsolated().whenFailure { _ in self.close(.finished) }
    context.channel.close(mode: .output, promise: closed)
    resumeReading(context)
  }

  private func resumeReading(_ context: ChannelHandlerContext) {
    guard readIsHeld else { return }
    readIsHeld = false
    context.read()
  }

  func close(_ reason: ConnectionReason) {
    door?.note(reason)
    context?.close(promise: nil)
  }

  /// Stops the clock and the responder; the handler does nothing more.
  func end() {
    disarm()
    if case .responding(_, let task, _) = phase { task?.cancel() }
    phase = .ended
    queue.removeAll()
    behindUnread = nil
  }
}
