import Logging
import NIOCore
import RTMP
import Rooms

/// One RTMP client: moves bytes between its socket and the session, and its media into the room.
///
/// Confined to the event loop of the connection. The session decides, this handler does.
final class RTMPConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let services: RTMPServices
  private let identity: SessionIdentity
  /// The front door's view of the connection.
  private let door: DoorConnection
  private var log: Logger
  private var session: ServerSession
  private var seat: Seat
  private var app = ""
  private var demuxer = LegacyDemuxer()
  private var context: ChannelHandlerContext?
  private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
  private var fast = QuickAcknowledgement()
  private var nextTicket: UInt64 = 0
  private var farewell = Farewell.none

  /// A `publish` of the client. Its ticket tells it from others of the same stream and name: the room's answers come by
  /// another thread, and the client may have asked anew meanwhile.
  private struct Request {
    let ticket: UInt64
    let streamID: UInt32
    let name: String
  }

  /// What the client is in the room.
  private enum Seat {
    /// Not yet, or not any more.
    case none
    /// The room was asked.
    case asked(Request, isReplaced: Bool)
    /// It speaks.
    case speaking(Request, Publication, PublicationFeed)
  }

  /// How far the end of the connection has come.
  private enum Farewell {
    case none
    /// The last answer is on its way.
    case saying
    /// It is said, and our direction is closed: the client's close is awaited, not for long.
    case lingering(Scheduled<Void>)
  }

  /// Most bytes handed to the session before its events are taken.
  private static let piece = 64 << 10
  private static let lingerTime = TimeAmount.seconds(1)

  init(services: RTMPServices, identity: SessionIdentity, door: DoorConnection, now: NIODeadline) {
    self.door = door
    self.services = services
    self.identity = identity
    self.seat = .none
    var random = SystemRandomNumberGenerator()
    self.session = ServerSession(limits: services.limits, random: &random, now: now)
    var log = services.log
    log[metadataKey: "session"] = "\(identity.id)"
    log[metadataKey: "address"] = "\(identity.address)"
    self.log = log
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let loop = context.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    services.sessions.opened(identity, as: .handshaking) { reason in loop.execute { bound.value.end(reason) } }
    fast.arm(context.channel)
    rearm()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    services.metrics.bytesIn.add(UInt64(bytes.readableBytes))
    // What comes after our last word is read only so that the socket can be closed without a reset.
    guard case .none = farewell else { return }
    let now = NIODeadline.now()
    while var piece = bytes.readSlice(length: min(bytes.readableBytes, Self.piece)), piece.readableBytes > 0 {
      do {
        try session.receive(&piece, at: now)
      } catch {
        // Media before the fault is good; the end of a publication that the fault brings is no orderly one.
        handleEvents(receivedAt: now, orderly: false)
        return close(because: .protocolError, detail: "\(error)")
      }
      handleEvents(receivedAt: now)
    }
    flush()
    rearm()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    fast.arm(context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(because: .clientClosed, detail: "\(error)")
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stop()
    self.context = nil
  }

  // MARK: Session events

  private func handleEvents(receivedAt: NIODeadline, orderly: Bool = true) {
    while let event = session.next() {
      switch event {
      case .media(let message): media(message, receivedAt: receivedAt)
      case .connect(let request): connect(request)
      case .publish(let request): publish(request)
      case .play(let request): play(request)
      case .publishEnded(let streamID, _): endPublication(streamID, orderly: orderly)
      case .playEnded, .metadata: break
      }
    }
  }

  private func media(_ message: MediaMessage, receivedAt: NIODeadline) {
    guard case .speaking(let request, _, let feed) = seat, request.streamID == message.streamID else { return }
    fast.mediaFlows()
    do {
      let frame: LegacyDemuxer.Frame?
      switch message.kind {
      case .audio: frame = try demuxer.audio(message.body)
      case .video: frame = try demuxer.video(message.body)
      case .data: frame = nil
      }
      guard let frame else { return }
      feed.receive(
        frame.data, source: frame.source, timestamp: message.timestamp + frame.compositionTime,
        isKeyFrame: frame.isKeyFrame, receivedAt: receivedAt)
    } catch {
      // One bad tag spoils one frame, not the session.
      services.metrics.malformedMedia.add()
      log.debug("malformed media message", metadata: ["reason": "\(error)"])
    }
  }

  private func connect(_ request: ConnectRequest) {
    // An app of one segment may be the room, or the stream name may bring it: publish decides that.
    if let room = RoomAddress.room(ofApp: request.app), !services.knowsRoom(room) {
      let refusal = RoomError.noSuchRoom(room)
      // Not established: the door counts it as denied for this reason when it closes.
      door.note(ConnectionReason(rawValue: refusal.kind))
      log.info("connect refused", metadata: ["reason": "\(refusal.kind)", "room": "\(room)"])
      return session.rejectConnect(description: "[ Server.Reject ] : \(refusal)")
    }
    app = request.app
    door.established()
    services.sessions.established(identity)
    session.acceptConnect()
  }

  private func publish(_ request: PublishRequest) {
    guard case .none = seat else {
      return session.rejectPublish(
        streamID: request.streamID, code: .publishBadName, description: "this connection publishes already")
    }
    guard let address = RoomAddress(app: app, stream: request.name) else {
      return session.rejectPublish(
        streamID: request.streamID, code: .publishBadName, description: "the address names no room and participant")
    }
    let ask = Request(ticket: nextTicket, streamID: request.streamID, name: address.participant)
    nextTicket += 1
    seat = .asked(ask, isReplaced: false)
    log[metadataKey: "room"] = "\(address.room)"
    guard let context else { return }
    let loop = context.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    let rooms = services.rooms
    Task {
      let outcome: Result<Publication, RoomError>
      do throws(RoomError) {
        outcome = .success(
          try await rooms.publish(
            room: address.room, name: address.participant, kind: .flash,
            replaced: { loop.execute { bound.value.replaced(ask.ticket) } }))
      } catch {
        outcome = .failure(error)
      }
      loop.execute { bound.value.publishDecided(outcome, ask.ticket) }
    }
  }

  private func publishDecided(_ outcome: Result<Publication, RoomError>, _ ticket: UInt64) {
    // The client may have gone, or have taken its wish back, while the room was asked.
    guard let context, case .asked(let request, let isReplaced) = seat, request.ticket == ticket else {
      if case .success(let publication) = outcome { leave(publication, orderly: true) }
      return
    }
    switch outcome {
    case .success where isReplaced:
      seat = .none
      session.rejectPublish(streamID: request.streamID, code: .publishBadName, description: Self.takenOver)
    case .success(let publication):
      seat = .speaking(request, publication, PublicationFeed(publication, loop: context.eventLoop))
      session.acceptPublish(streamID: request.streamID)
      log.info("publishing", metadata: ["participant": "\(request.name)"])
    case .failure(let error):
      seat = .none
      services.metrics.refused(reason: error.kind)
      door.note(ConnectionReason(rawValue: error.kind))
      log.info("publish refused", metadata: ["reason": "\(error.kind)"])
      session.rejectPublish(streamID: request.streamID, code: .publishBadName, description: "\(error)")
    }
    handleEvents(receivedAt: .now())
    flush()
    rearm()
  }

  private func play(_ request: PlayRequest) {
    session.rejectPlay(
      streamID: request.streamID, code: .playFailed, description: "this gateway does not play to Flash clients yet")
  }

  // MARK: Ends

  private func endPublication(_ streamID: UInt32, orderly: Bool) {
    switch seat {
    case .none: break
    case .asked(let request, _):
      if request.streamID == streamID { seat = .none }
    case .speaking(let request, let publication, let feed):
      guard request.streamID == streamID else { return }
      seat = .none
      demuxer = LegacyDemuxer()
      feed.end()
      leave(publication, orderly: orderly)
      log.info("publishing ended", metadata: ["reason": orderly ? "client_ended" : "connection_lost"])
    }
  }

  private func leave(_ publication: Publication, orderly: Bool) {
    let rooms = services.rooms
    Task { await rooms.ended(publication, orderly: orderly) }
  }

  private static let takenOver = "The name was taken over by another connection."

  /// Somebody else speaks under this name now.
  private func replaced(_ ticket: UInt64) {
    switch seat {
    case .asked(let request, _) where request.ticket == ticket: seat = .asked(request, isReplaced: true)
    case .speaking(let request, _, let feed) where request.ticket == ticket:
      feed.end()
      seat = .none
      session.endPublication(streamID: request.streamID, description: Self.takenOver)
      door.note(.takenOver)
      log.info("publishing ended", metadata: ["reason": "taken_over"])
      flush()
    default: break
    }
  }

  /// The gateway drains, or an operator ends the session.
  func end(_ reason: SessionEnd) {
    guard context != nil else { return }
    session.shutDown(description: reason.description)
    handleEvents(receivedAt: .now(), orderly: false)
    flush()
  }

  private func stop() {
    guard context != nil else { return }
    switch seat {
    case .none: break
    case .asked(let request, _), .speaking(let request, _, _): endPublication(request.streamID, orderly: false)
    }
    timer?.task.cancel()
    timer = nil
    if case .lingering(let end) = farewell { end.cancel() }
    services.sessions.closed(identity)
    context = nil
  }

  private func close(because reason: ConnectionReason, detail: String) {
    log.info("session closed", metadata: ["reason": "\(reason)", "detail": "\(detail)"])
    door.close(reason)
  }

  // MARK: Output and time

  private func flush() {
    guard let context, case .none = farewell else { return }
    if let failure = session.failure { return close(because: .protocolError, detail: "\(failure)") }
    let closes = session.closesAfterOutput
    var last: EventLoopPromise<Void>?
    var hasWritten = false
    while let bytes = session.output() {
      hasWritten = true
      services.metrics.bytesOut.add(UInt64(bytes.readableBytes))
      let isLast = closes && last == nil
      if isLast { last = context.eventLoop.makePromise() }
      context.write(wrapOutboundOut(bytes), promise: isLast ? last : nil)
    }
    // A flush goes through the whole pipeline even when there is nothing; most reads call for no answer.
    if hasWritten { context.flush() }
    if closes { sayFarewell(after: last?.futureResult ?? context.eventLoop.makeSucceededVoidFuture(), context) }
  }

  /// Closes our direction and awaits the client's close: a socket that is closed with bytes unread sends a reset, and
  /// the client may see that instead of our last answer.
  private func sayFarewell(after said: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
    farewell = .saying
    door.note(.finished)
    let channel = context.channel
    said.flatMap { channel.close(mode: .output) }.assumeIsolated().whenComplete { result in
      // Gone in the meantime.
      guard let context = self.context else { return }
      if case .failure = result { return self.door.close(.finished) }
      let end = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { self.door.close(.finished) }
      self.farewell = .lingering(end)
    }
  }

  /// One task waits for the session's nearest deadline; it is replaced only when the deadline comes nearer, so that a
  /// session whose deadline moves with every read does not schedule with every read.
  private func rearm() {
    guard let context, let deadline = session.deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    timer = (deadline, task)
  }

  private func timerFired() {
    timer = nil
    let now = NIODeadline.now()
    do {
      if let deadline = session.deadline, deadline <= now { try session.elapsed(at: now) }
    } catch {
      return close(because: .idle, detail: "\(error)")
    }
    flush()
    rearm()
  }
}
