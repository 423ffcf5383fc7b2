import Logging
import NIOCore
import RTMP
import Rooms

/// One RTMP client, whatever carries its bytes: moves them between transport and session, and its media into the room.
///
/// Confined to the event loop of its transport. The session decides, this object does.
final class RTMPConnection {
  private(set) var services: RTMPServices
  private(set) var identity: SessionIdentity
  private(set) var log: Logger
  var session: ServerSession
  private var seat: Seat
  private(set) var visitor: RTMPVisitor
  private var app = ""
  /// From start to stop.
  private(set) var transport: (any RTMPTransport)?
  var service = Service.own
  private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
  private var nextTicket: UInt64 = 0
  /// Whether the last answer was given: what the client says after it counts for nothing.
  private var isFinished = false
  /// Whether a media message has come.
  var isMediaFlowing = false
  private var hasAskedToPlay = false

  /// A `publish` of the client. Its ticket tells it from others of the same stream and name: the room's answers come by
  /// another thread, and the client may have asked anew meanwhile.
  private struct Request {
    let ticket: UInt64
    let streamID: UInt32
    let name: String
  }

  /// Who serves the client.
  enum Service {
    /// We do.
    case own
    /// An old server shall, and is being reached.
    case reaching(ShadowedConnection)
    /// An old server does.
    case shadowed(ShadowedConnection)
  }

  /// What the client is in the room.
  private enum Seat {
    /// Not yet, or not any more.
    case none
    /// The room was asked.
    case asked(Request, isReplaced: Bool)
    /// It speaks.
    case speaking(Speech)
  }

  /// An object, for each message looks at it: to copy all of it would count each reference in it up and down.
  private final class Speech {
    let request: Request
    let publication: Publication
    let feed: LegacyFeed

    init(_ request: Request, _ publication: Publication, _ feed: LegacyFeed) {
      self.request = request
      self.publication = publication
      self.feed = feed
    }
  }

  /// Most bytes handed to the session before its events are taken.
  private static let piece = 64 << 10

  /// - Parameter allowsEncryption: whether RTMPE is served.
  init(services: RTMPServices, identity: SessionIdentity, allowsEncryption: Bool = false, now: NIODeadline) {
    self.services = services
    self.identity = identity
    self.seat = .none
    self.visitor = RTMPVisitor(identity: identity)
    var random = SystemRandomNumberGenerator()
    self.session = ServerSession(
      limits: services.limits, allowsEncryption: allowsEncryption, mayBeHandedOver: services.shadows != nil,
      random: &random, now: now)
    var log = services.log
    log[metadataKey: "session"] = "\(identity.id)"
    log[metadataKey: "address"] = "\(identity.address)"
    log[metadataKey: "protocol"] = "\(identity.door)"
    self.log = log
  }

  // MARK: Transport

  /// The transport stands; called once, on its event loop.
  func start(on transport: any RTMPTransport) {
    self.transport = transport
    let loop = transport.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    services.sessions.opened(identity, as: .handshaking) { reason in loop.execute { bound.value.end(reason) } }
    rearm()
  }

  /// More is known of what the client speaks than when it came.
  func recognize(_ identity: SessionIdentity) {
    self.identity = identity
    visitor.identity = identity
    services.count(as: identity.door)
    services.sessions.recognized(identity)
    log[metadataKey: "protocol"] = "\(identity.door)"
  }

  /// Takes in bytes from the client, cut anywhere.
  func receive(_ bytes: ByteBuffer) {
    var bytes = bytes
    services.metrics.bytesIn.add(UInt64(bytes.readableBytes))
    // What comes after our last word is read only so that the socket can be closed without a reset.
    guard !isFinished else { return }
    if case .shadowed(let shadowed) = service { return shadowed.receive(bytes) }
    let now = self.now
    while var piece = bytes.readSlice(length: min(bytes.readableBytes, Self.piece)), piece.readableBytes > 0 {
      do {
        try session.receive(&piece, at: now)
      } catch {
        // Media before the fault is good; the end of a publication that the fault brings is no orderly one.
        handleEvents(receivedAt: now, departure: .broken)
        return close(because: .protocolError, detail: "\(error)")
      }
      handleEvents(receivedAt: now)
    }
    flush()
    rearm()
  }

  /// The transport broke.
  func transportFailed(_ detail: String) {
    close(because: .clientClosed, detail: detail)
  }

  /// The transport is gone: ends what is going on. Nothing more happens here.
  ///
  /// - Parameter departure: `.orderly` where the client has said by its transport that it goes.
  func stop(_ departure: RoomEngine.Departure = .broken) {
    guard transport != nil else { return }
    switch seat {
    case .none: break
    case .asked(let request, _): endPublication(request.streamID, departure)
    case .speaking(let speech): endPublication(speech.request.streamID, departure)
    }
    switch service {
    case .own: break
    case .reaching(let shadowed), .shadowed(let shadowed): shadowed.stop()
    }
    service = .own
    cancelTimer()
    services.sessions.closed(identity)
    transport = nil
  }

  // MARK: Session events

  private func handleEvents(receivedAt: NIODeadline, departure: RoomEngine.Departure = .orderly) {
    while let event = session.next() {
      switch event {
      case .media(let message): media(message, receivedAt: receivedAt)
      case .connect(let request): connect(request)
      case .publish(let request): publish(request)
      case .play(let request): play(request)
      case .publishEnded(let streamID, _): endPublication(streamID, departure)
      case .playEnded, .metadata: break
      }
    }
  }

  private func media(_ message: MediaMessage, receivedAt: NIODeadline) {
    guard case .speaking(let speech) = seat, speech.request.streamID == message.streamID else { return }
    isMediaFlowing = true
    speech.feed.receive(message, receivedAt: receivedAt) { notice in
      session.warnPublisher(streamID: message.streamID, code: .publishNoSupportedTrack, description: notice.sentence)
    }
  }

  private func connect(_ request: ConnectRequest) {
    let shadow = services.shadows?.servers.server(ofApp: request.app)
    // An app of one segment may be the room, or the stream name may bring it: publish decides that.
    if shadow == nil, let room = RoomAddress.room(ofApp: request.app), !services.knowsRoom(room) {
      let refusal = RoomError.noSuchRoom(room)
      // Not established: the door counts it as denied for this reason when it closes.
      transport?.note(ConnectionReason(rawValue: refusal.kind))
      log.info("connect refused", metadata: ["reason": "\(refusal.kind)", "room": "\(room)"])
      return session.rejectConnect(description: "[ Server.Reject ] : \(refusal)")
    }
    app = request.app
    guard let loop = transport?.eventLoop else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    let (entrance, entry) = (services.entrance, visitor.connecting(request, room: shadow?.room))
    services.rooms.environment.start {
      let decision = await entrance.admit(entry)
      loop.execute { bound.value.connectDecided(decision, shadow) }
    }
  }

  private func connectDecided(_ decision: EntryDecision, _ shadow: ShadowServers.Choice?) {
    // The client may have gone while the gate was asked.
    guard transport != nil else { return }
    switch decision {
    case .allowed where shadow != nil:
      if let shadow { reach(shadow) }
    case .allowed:
      transport?.established()
      services.sessions.established(identity)
      session.acceptConnect()
    case .denied(let denial):
      let refusal = EntryRefusal.gate(denial)
      transport?.note(ConnectionReason(rawValue: refusal.kind))
      log.info("connect refused", metadata: ["reason": "\(refusal.kind)"])
      session.rejectConnect(description: refusal.description)
    }
    handleEvents(receivedAt: now)
    flush()
    rearm()
  }

  private func publish(_ request: PublishRequest) {
    guard case .none = seat else {
      return refuse(request, "already_publishing", "this connection publishes already")
    }
    guard let address = RoomAddress(app: app, stream: request.name) else {
      return refuse(request, "no_room_named", "the address names no room and participant")
    }
    guard services.shadows?.servers.has(address.room) != true else {
      // The old server has not heard the beginning of this session, and will not: the room has to come with `connect`.
      return refuse(request, "room_not_at_connect", "connect with the room in the address, rtmp://HOST/APP/ROOM")
    }
    let ask = Request(ticket: nextTicket, streamID: request.streamID, name: address.participant)
    nextTicket += 1
    seat = .asked(ask, isReplaced: false)
    log[metadataKey: "room"] = "\(address.room)"
    guard let loop = transport?.eventLoop else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    let (rooms, entrance) = (services.rooms, services.entrance)
    let entry = visitor.joining(
      address.room, name: address.participant, role: .speaker, streamQueryItems: request.queryItems)
    rooms.environment.start {
      let outcome = await entrance.publish(entry, at: address, in: rooms) {
        loop.execute { bound.value.replaced(ask.ticket) }
      }
      loop.execute { bound.value.publishDecided(outcome, ask.ticket) }
    }
  }

  private func publishDecided(_ outcome: Result<Publication, EntryRefusal>, _ ticket: UInt64) {
    // The client may have gone, or have taken its wish back, while the room was asked.
    guard let loop = transport?.eventLoop, case .asked(let request, let isReplaced) = seat, request.ticket == ticket
    else {
      if case .success(let publication) = outcome { leave(publication, .orderly) }
      return
    }
    switch outcome {
    case .success where isReplaced:
      seat = .none
      session.rejectPublish(streamID: request.streamID, code: .publishBadName, description: Self.takenOver)
    case .success(let publication):
      let feed = LegacyFeed(publication, loop: loop, services: services, identity: identity, log: log)
      seat = .speaking(Speech(request, publication, feed))
      session.acceptPublish(streamID: request.streamID)
      log.info("publishing", metadata: ["participant": "\(request.name)"])
    case .failure(let error):
      seat = .none
      // The entrance counts what the gate denies.
      if case .room = error { services.metrics.refused(reason: error.kind) }
      transport?.note(ConnectionReason(rawValue: error.kind))
      log.info("publish refused", metadata: ["reason": "\(error.kind)"])
      session.rejectPublish(streamID: request.streamID, code: .publishBadName, description: error.description)
    }
    handleEvents(receivedAt: now)
    flush()
    rearm()
  }

  /// Refuses what no room needs to be asked about.
  private func refuse(_ request: PublishRequest, _ reason: String, _ description: String) {
    services.metrics.refused(reason: reason)
    log.info("publish refused", metadata: ["reason": "\(reason)"])
    session.rejectPublish(streamID: request.streamID, code: .publishBadName, description: description)
  }

  /// What every `play` is answered.
  static let answerToPlay = StatusCode.playFailed

  private func play(_ request: PlayRequest) {
    // One line and one count for a connection: old rooms play everybody who is there.
    if !hasAskedToPlay {
      hasAskedToPlay = true
      services.metrics.refused(reason: "play_not_served")
      log.info("play refused", metadata: ["reason": "play_not_served"])
    }
    session.rejectPlay(
      streamID: request.streamID, code: Self.answerToPlay,
      description: "this gateway does not play to Flash clients yet")
  }

  // MARK: Ends

  private func endPublication(_ streamID: UInt32, _ departure: RoomEngine.Departure) {
    switch seat {
    case .none: break
    case .asked(let request, _):
      if request.streamID == streamID { seat = .none }
    case .speaking(let speech):
      guard speech.request.streamID == streamID else { return }
      seat = .none
      speech.feed.end()
      leave(speech.publication, departure)
      log.info("publishing ended", metadata: ["reason": "\(departure.reason)"])
    }
  }

  private func leave(_ publication: Publication, _ departure: RoomEngine.Departure) {
    let rooms = services.rooms
    rooms.environment.start { await rooms.ended(publication, departure) }
  }

  private static let takenOver = "The name was taken over by another connection."

  /// Somebody else speaks under this name now.
  private func replaced(_ ticket: UInt64) {
    switch seat {
    case .asked(let request, _) where request.ticket == ticket: seat = .asked(request, isReplaced: true)
    case .speaking(let speech) where speech.request.ticket == ticket:
      let request = speech.request
      speech.feed.end()
      seat = .none
      session.endPublication(streamID: request.streamID, description: Self.takenOver)
      transport?.note(.takenOver)
      log.info("publishing ended", metadata: ["reason": "taken_over"])
      flush()
    default: break
    }
  }

  /// The gateway drains, an operator ends the session, or it may no longer be there.
  func end(_ reason: SessionEnd) {
    guard transport != nil else { return }
    if case .shadowed(let shadowed) = service { return shadowed.end(reason) }
    switch reason {
    case .draining:
      session.shutDown(description: reason.description)
      handleEvents(receivedAt: now, departure: .broken)
    case .operatorRequest:
      session.shutDown(description: reason.description)
      handleEvents(receivedAt: now, departure: .expelled)
    case .denied(let denial):
      transport?.note(ConnectionReason(rawValue: denial.kind.rawValue))
      log.info("session closed", metadata: ["reason": "\(denial.kind.rawValue)"])
      session.shutDown(code: .connectRejected, description: reason.description)
      handleEvents(receivedAt: now, departure: .expelled)
    }
    flush()
  }

  private func close(because reason: ConnectionReason, detail: String) {
    log.info("session closed", metadata: ["reason": "\(reason)", "detail": "\(detail)"])
    transport?.close(reason)
  }

  // MARK: Output and time

  /// The time of the connection's event loop: real, or that of a replay.
  private var now: NIODeadline { transport?.eventLoop.now ?? .distantPast }

  func flush() {
    guard let transport, !isFinished else { return }
    if let failure = session.failure { return close(because: .protocolError, detail: "\(failure)") }
    let closes = session.closesAfterOutput
    var hasWritten = false
    while let bytes = session.output() {
      hasWritten = true
      services.metrics.bytesOut.add(UInt64(bytes.readableBytes))
      transport.write(bytes)
    }
    // A flush goes through the whole pipeline even when there is nothing; most reads call for no answer.
    if hasWritten { transport.flush() }
    guard closes else { return }
    isFinished = true
    transport.note(.finished)
    transport.finish()
  }

  /// One task waits for the session's nearest deadline; it is replaced only when the deadline comes nearer, so that a
  /// session whose deadline moves with every read does not schedule with every read.
  private func rearm() {
    guard let transport, let deadline = session.deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.task.cancel()
    let task = transport.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    timer = (deadline, task)
  }

  func cancelTimer() {
    timer?.task.cancel()
    timer = nil
  }

  private func timerFired() {
    timer = nil
    let now = self.now
    do {
      if let deadline = session.deadline, deadline <= now { try session.elapsed(at: now) }
    } catch {
      return close(because: .idle, detail: "\(error)")
    }
    flush()
    rearm()
  }
}

extension RoomEngine.Departure {
  /// A word for the log.
  var reason: String {
    switch self {
    case .orderly: "client_ended"
    case .broken: "connection_lost"
    case .expelled: "expelled"
    }
  }
}
