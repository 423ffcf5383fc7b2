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

  /// What the client is in the room.
  private enum Seat {
    /// Not yet, or not any more.
    case none
    /// The room was asked.
    case asked(streamID: UInt32, name: String)
    /// It speaks.
    case speaking(streamID: UInt32, Publication, PublicationFeed)
  }

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
    services.sessions.opened(identity) { reason in loop.execute { bound.value.end(reason) } }
    fast.arm(context.channel)
    rearm()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    let now = NIODeadline.now()
    services.metrics.bytesIn.add(UInt64(bytes.readableBytes))
    do {
      try session.receive(&bytes, at: now)
    } catch {
      // Media before the fault is good; the end of a publication that the fault brings is no orderly one.
      handleEvents(receivedAt: now, orderly: false)
      close(because: .protocolError, detail: "\(error)")
      return
    }
    handleEvents(receivedAt: now)
    flush()
    rearm()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    fast.arm(context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop(orderly: false)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(because: .clientClosed, detail: "\(error)")
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stop(orderly: false)
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
    guard case .speaking(let streamID, _, let feed) = seat, streamID == message.streamID else { return }
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
      services.metrics.refused(reason: refusal.kind)
      door.note(ConnectionReason(rawValue: refusal.kind))
      log.info("connect refused", metadata: ["reason": "\(refusal.kind)", "room": "\(room)"])
      return session.rejectConnect(description: "[ Server.Reject ] : \(refusal)")
    }
    app = request.app
    door.established()
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
    seat = .asked(streamID: request.streamID, name: address.participant)
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
            replaced: { loop.execute { bound.value.replaced() } }))
      } catch {
        outcome = .failure(error)
      }
      loop.execute { bound.value.publishDecided(outcome, streamID: request.streamID) }
    }
  }

  private func publishDecided(_ outcome: Result<Publication, RoomError>, streamID: UInt32) {
    // The client may have gone, or have taken its wish back, while the room was asked.
    guard let context, case .asked(streamID, let name) = seat else {
      if case .success(let publication) = outcome { leave(publication, orderly: true) }
      return
    }
    switch outcome {
    case .success(let publication):
      seat = .speaking(
        streamID: streamID, publication, PublicationFeed(publication, loop: context.eventLoop))
      session.acceptPublish(streamID: streamID)
      log.info("publishing", metadata: ["participant": "\(name)"])
    case .failure(let error):
      seat = .none
      services.metrics.refused(reason: error.kind)
      door.note(ConnectionReason(rawValue: error.kind))
      log.info("publish refused", metadata: ["reason": "\(error.kind)"])
      session.rejectPublish(streamID: streamID, code: .publishBadName, description: "\(error)")
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
    case .asked(let asked, _):
      if asked == streamID { seat = .none }
    case .speaking(let speaking, let publication, let feed):
      guard speaking == streamID else { return }
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

  /// Somebody else speaks under this name now.
  private func replaced() {
    guard case .speaking(let streamID, _, let feed) = seat else { return }
    feed.end()
    seat = .none
    session.revokePublish(streamID: streamID, description: "another connection publishes under this name now")
    log.info("publishing ended", metadata: ["reason": "taken_over"])
    flush()
  }

  /// The gateway drains, or an operator ends the session.
  func end(_ reason: SessionEnd) {
    session.shutDown(description: reason.description)
    flush()
  }

  private func stop(orderly: Bool) {
    guard context != nil else { return }
    switch seat {
    case .none: break
    case .asked(let streamID, _), .speaking(let streamID, _, _): endPublication(streamID, orderly: orderly)
    }
    timer?.task.cancel()
    timer = nil
    services.sessions.closed(identity)
    context = nil
  }

  private func close(because reason: ConnectionReason, detail: String) {
    log.info("session closed", metadata: ["reason": "\(reason)", "detail": "\(detail)"])
    door.close(reason)
  }

  // MARK: Output and time

  private func flush() {
    guard let context else { return }
    while let bytes = session.output() {
      services.metrics.bytesOut.add(UInt64(bytes.readableBytes))
      context.write(wrapOutboundOut(bytes), promise: nil)
    }
    context.flush()
    if session.closesAfterOutput { door.close(.finished) }
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
