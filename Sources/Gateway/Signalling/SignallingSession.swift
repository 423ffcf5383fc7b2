import Edge
import Logging
import NIOCore
import Rooms
import WebRTC

/// One browser in one room: its web socket, its view of the room, and its peer.
struct SignallingSession: WebSocketService {
  let room: String
  let services: SignallingServices
  let identity: SessionIdentity
  /// The page's origin, as the browser states it.
  let origin: String?

  /// Seconds after which a gateway that shut down is likely to be back.
  static let shutdownRetry = 5

  /// What comes to a session, from wherever, in one line so that one task handles it in order.
  private enum Input: Sendable {
    case message(String)
    case room(RoomEvent)
    case peer(PeerEvent)
    case end(SessionEnd)
    case socketClosed
    case roomEventsEnded
  }

  /// Serves the browser until it leaves, its socket closes, or the gateway ends the session.
  func serve(_ socket: WebSocketConnection) async {
    var log = services.log
    log[metadataKey: "session"] = "\(identity.id)"
    log[metadataKey: "address"] = "\(identity.address)"
    log[metadataKey: "room"] = "\(room)"
    let (inputs, feed) = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .bufferingOldest(4096))
    guard services.sessions.opened(identity, byRequestOf: .browser, end: { feed.yield(.end($0)) }) else {
      log.info("join refused", metadata: ["reason": "\(ConnectionReason.tooManySessionsFromAddress)"])
      try? socket.send(TooManySessions().message.text)
      return socket.close()
    }
    defer { services.sessions.closed(identity) }

    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await text in socket.messages { feed.yield(.message(text)) }
        feed.yield(.socketClosed)
      }
      var conversation = Conversation(session: self, socket: socket, log: log) { feed.yield(.peer($0)) }
      for await input in inputs {
        let goesOn: Bool
        switch input {
        case .message(let text):
          goesOn = await conversation.message(text) { listening in
            group.addTask {
              for await event in listening.events { feed.yield(.room(event)) }
              feed.yield(.roomEventsEnded)
            }
          }
        case .room(let event): goesOn = conversation.room(event)
        case .peer(let event): goesOn = conversation.peer(event)
        case .end(let reason): goesOn = conversation.end(reason)
        case .socketClosed, .roomEventsEnded: goesOn = false
        }
        if !goesOn { break }
      }
      await conversation.finish()
      socket.close()
      group.cancelAll()
    }
  }
}

/// The state of one conversation.
private struct Conversation {
  let session: SignallingSession
  let socket: WebSocketConnection
  let log: Logger
  var peer: ListenerPeer
  var listening: Listening?

  init(
    session: SignallingSession, socket: WebSocketConnection, log: Logger,
    onPeerEvent: @escaping @Sendable (PeerEvent) -> Void
  ) {
    self.session = session
    self.socket = socket
    self.log = log
    self.peer = ListenerPeer(webRTC: session.services.webRTC, room: session.room, onEvent: onPeerEvent)
  }

  /// Handles one message. Returns whether the session goes on.
  mutating func message(_ text: String, watch: (Listening) -> Void) async -> Bool {
    do {
      let message = try ClientMessage(text)
      switch message {
      case .join(let version, let key):
        guard listening == nil else { throw SignallingError.outOfOrder("'join' comes once") }
        guard version == 1 else { throw SignallingError.unsupportedVersion(version) }
        return await join(key, watch)
      case .offer(let id, let sdp, let subscriptions):
        guard let listening else { throw SignallingError.outOfOrder("'join' comes first") }
        await offer(id: id, sdp: sdp, subscriptions: subscriptions, in: listening.room)
        return true
      case .leave: return false
      case .unknown: return true
      }
    } catch let error as SignallingError {
      send(.error(code: error.code, message: error.message))
      log.info("signalling ended", metadata: ["reason": "\(error.code)"])
      return false
    } catch {
      return false
    }
  }

  private mutating func join(_ key: String?, _ watch: (Listening) -> Void) async -> Bool {
    let services = session.services
    let request = EntryRequest(
      session: session.identity.id, door: session.identity.door, listener: session.identity.listener,
      address: session.identity.address, room: session.room, role: .listener,
      keys: key.map { [PresentedKey($0)] } ?? [], pageURL: session.origin,
      certificateSubject: session.identity.certificateSubject)
    let (entrance, rooms, room) = (services.entrance, services.rooms, session.room)
    let outcome = await entrance.enter(request) { () throws(RoomError) in try await rooms.listen(room: room) }
    switch outcome {
    case .failure(.gate(let denial)):
      send(.error(code: denial.signallingCode, message: denial.sentence, retryAfter: denial.retryAfter))
      log.info("join refused", metadata: ["reason": "\(denial.kind.rawValue)"])
      return false
    case .success(let listening):
      self.listening = listening
      send(
        .welcome(
          room: listening.room, listener: "l\(session.identity.id)", iceServers: services.webRTC.iceServers,
          participants: listening.participants))
      watch(listening)
      log.info("listening")
      return true
    case .failure(.room(let error)):
      send(.error(code: error.signallingCode, message: "\(error)", retryAfter: error.retryAfter))
      log.info("join refused", metadata: ["reason": "\(error.kind)"])
      return false
    }
  }

  private mutating func offer(id: Int, sdp: String, subscriptions: [String: String], in room: RoomName) async {
    var tracks: [String: Track] = [:]
    for (mid, trackID) in subscriptions {
      // A track that has just gone is no error: the browser learns of it by its own message.
      if let track = await session.services.rooms.track(trackID, in: room) { tracks[mid] = track }
    }
    do {
      send(.answer(id: id, sdp: try peer.answer(offer: sdp, tracks: tracks)))
    } catch {
      log.info("offer refused", metadata: ["reason": "\(error)"])
      send(.error(code: "bad-offer", message: "\(error)", id: id))
    }
  }

  func room(_ event: RoomEvent) -> Bool {
    switch event {
    case .participant(let participant): send(.participant(participant))
    case .left(let id): send(.left(id))
    case .closing: return end(.draining)
    }
    return true
  }

  func peer(_ event: PeerEvent) -> Bool {
    switch event {
    case .connected:
      log.info("media connected")
      return true
    case .closed(let reason):
      log.info("media closed", metadata: ["reason": "\(reason)"])
      send(.closing(reason: "media-\(reason.replacing("_", with: "-"))", retryAfter: 1))
      return false
    }
  }

  func end(_ reason: SessionEnd) -> Bool {
    switch reason {
    case .draining: send(.closing(reason: "shutdown", retryAfter: SignallingSession.shutdownRetry))
    // Whoever was sent away by a person stays away until a person asks.
    case .operatorRequest: send(.closing(reason: "ended-by-operator", retryAfter: nil))
    case .denied(let denial):
      log.info("signalling ended", metadata: ["reason": "\(denial.kind.rawValue)"])
      send(.closing(reason: denial.signallingCode, retryAfter: denial.retryAfter))
    }
    return false
  }

  func finish() async {
    peer.close()
    if let listening { await session.services.rooms.stopListening(listening) }
  }

  /// A socket that takes no more is closing, and its end comes by the messages' end.
  private func send(_ message: ServerMessage) { try? socket.send(message.text) }
}

/// What signalling sessions share.
struct SignallingServices: Sendable {
  let rooms: RoomEngine
  let entrance: Entrance
  let webRTC: WebRTCServices
  let sessions: LiveSessions
  let log: Logger
}
