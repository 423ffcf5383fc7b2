import Logging
import NIOCore
import RTMP
import Rooms

/// The client of an old server as its room sees it: asks the gate for it, and brings its publication into the room.
///
/// Nothing that happens here is told to the client, except what the gate denies, by ``ShadowedConnection``. Confined to
/// the event loop of the client's connection.
final class ShadowedSpeaker {
  /// A `publish` of the client; its ticket tells it from others of the same stream.
  private struct Request {
    let ticket: UInt64
    let streamID: UInt32
    let name: String
  }

  private enum Seat {
    case none
    case asked(Request)
    case speaking(Request, Publication, LegacyFeed)
  }

  /// How both answered a `publish`.
  private struct Answers {
    var old: StatusCode?
    var new: StatusCode?
  }

  private let choice: ShadowServers.Choice
  private let services: RTMPServices
  private let shadows: ShadowServices
  private let visitor: RTMPVisitor
  private let log: Logger
  private var seat = Seat.none
  private var nextTicket: UInt64 = 0
  private var answers: [UInt32: Answers] = [:]
  private var differences: [ForwardedDifference] = []
  /// The rooms that the gate has let it into.
  private var rooms: Set<String> = []

  init(
    _ choice: ShadowServers.Choice, services: RTMPServices, shadows: ShadowServices, visitor: RTMPVisitor, log: Logger
  ) {
    self.choice = choice
    self.services = services
    self.shadows = shadows
    self.visitor = visitor
    self.log = log
  }

  /// Whether the gate has let it into a room.
  var isIn: Bool { !rooms.isEmpty }

  /// Differences that have shown since the last time.
  func takeDifferences() -> [ForwardedDifference] {
    defer { differences = [] }
    return differences
  }

  // MARK: Asking

  /// The client wants to publish. `decided` gets what the gate denies, on `loop`.
  func publish(_ request: PublishRequest, on loop: any EventLoop, decided: @escaping (Denial?) -> Void) {
    answers[request.streamID] = Answers()
    guard let address = address(of: request.name) else {
      fared("bad_name", request.streamID, .publishBadName)
      return decided(nil)
    }
    let entry = visitor.joining(
      address.room, name: address.participant, role: .speaker, streamQueryItems: request.queryItems)
    let bound = NIOLoopBound((self, decided), eventLoop: loop)
    // One connection speaks under one name here; the old server may have taken more.
    guard case .none = seat else {
      services.rooms.environment.start { [entrance = services.entrance] in
        let denial = await entrance.admit(entry).denial
        loop.execute {
          let (speaker, decided) = bound.value
          if denial == nil { speaker.fared("second_stream", request.streamID, .publishBadName) }
          decided(denial)
        }
      }
      return
    }
    let ask = Request(ticket: nextTicket, streamID: request.streamID, name: address.participant)
    nextTicket += 1
    seat = .asked(ask)
    services.rooms.environment.start { [entrance = services.entrance, rooms = services.rooms] in
      let outcome = await entrance.publish(entry, at: address, in: rooms) {
        loop.execute { bound.value.0.replaced(ask.ticket) }
      }
      loop.execute {
        let (speaker, decided) = bound.value
        let denial = speaker.publishDecided(outcome, ask, in: address.room, on: loop)
        decided(denial)
      }
    }
  }

  /// The client wants to play, which concerns the gate alone.
  func play(_ request: PlayRequest, on loop: any EventLoop, decided: @escaping (Denial?) -> Void) {
    guard let address = address(of: request.name), !rooms.contains(address.room) else { return decided(nil) }
    let entry = visitor.joining(
      address.room, name: nil, role: .listener, streamQueryItems: request.queryItems)
    let bound = NIOLoopBound((self, decided), eventLoop: loop)
    services.rooms.environment.start { [entrance = services.entrance] in
      let denial = await entrance.admit(entry).denial
      loop.execute {
        let (speaker, decided) = bound.value
        if denial == nil { speaker.rooms.insert(address.room) }
        decided(denial)
      }
    }
  }

  /// The room and the name that a stream means. Streams in folders of a known room's application are that room's.
  private func address(of stream: String) -> RoomAddress? {
    let address = RoomAddress(app: choice.app, stream: stream)
    if let address, choice.room == nil || services.knowsRoom(address.room) { return address }
    guard let room = choice.room, let name = stream.split(separator: "/").last else { return address }
    return RoomAddress(app: "shadow/\(room)", stream: String(name))
  }

  /// - Returns: what the gate denies.
  private func publishDecided(
    _ outcome: Result<Publication, EntryRefusal>, _ ask: Request, in room: String, on loop: any EventLoop
  ) -> Denial? {
    let isAsked = if case .asked(let request) = seat { request.ticket == ask.ticket } else { false }
    if isAsked { seat = .none }
    switch outcome {
    case .success(let publication):
      rooms.insert(room)
      guard isAsked else {
        // The client has ended it meanwhile, or is gone.
        leave(publication, .orderly)
        return nil
      }
      seat = .speaking(
        ask, publication,
        LegacyFeed(publication, loop: loop, services: services, identity: visitor.identity, log: log))
      log.info("publishing", metadata: ["participant": "\(ask.name)", "room": "\(room)"])
      fared("speaking", ask.streamID, .publishStart)
    case .failure(.room(let error)):
      rooms.insert(room)
      log.warning(
        "the room does not take a shadowed speaker", metadata: ["reason": "\(error.kind)", "room": "\(room)"])
      fared(error.kind, ask.streamID, .publishBadName)
    case .failure(.gate(let denial)):
      return denial
    }
    return nil
  }

  // MARK: Speaking

  /// Sound or a picture of a publication.
  func receive(_ message: MediaMessage, receivedAt: NIODeadline) {
    guard case .speaking(let request, _, let feed) = seat, request.streamID == message.streamID else { return }
    feed.receive(message, receivedAt: receivedAt) { notice in
      differences.append(
        ForwardedDifference(
          .publish, command: "publish \(notice.codec)", old: "taken", new: StatusCode.publishNoSupportedTrack.rawValue))
    }
  }

  /// The old server's answer to a `publish`.
  func answered(_ streamID: UInt32, _ code: StatusCode) {
    answers[streamID]?.old = code
    compare(streamID)
  }

  /// A publication is over, by the client or the old server.
  func ended(_ streamID: UInt32) {
    switch seat {
    case .asked(let request) where request.streamID == streamID: seat = .none
    case .speaking(let request, _, _) where request.streamID == streamID: end(.orderly)
    default: break
    }
  }

  /// All is over.
  func end(_ departure: RoomEngine.Departure) {
    if case .speaking(_, let publication, let feed) = seat {
      feed.end()
      leave(publication, departure)
      log.info("publishing ended", metadata: ["reason": "\(departure.reason)"])
    }
    seat = .none
  }

  /// Somebody else speaks under this name now. The old server may well let both.
  private func replaced(_ ticket: UInt64) {
    switch seat {
    case .asked(let request) where request.ticket == ticket: seat = .none
    case .speaking(let request, _, let feed) where request.ticket == ticket:
      feed.end()
      seat = .none
      log.info("publishing ended", metadata: ["reason": "taken_over"])
    default: break
    }
  }

  private func leave(_ publication: Publication, _ departure: RoomEngine.Departure) {
    services.rooms.environment.start { [rooms = services.rooms] in await rooms.ended(publication, departure) }
  }

  // MARK: Comparing

  private func fared(_ outcome: String, _ streamID: UInt32, _ code: StatusCode) {
    shadows.metrics.publications(outcome).add()
    answers[streamID]?.new = code
    compare(streamID)
  }

  private func compare(_ streamID: UInt32) {
    guard let old = answers[streamID]?.old, let new = answers[streamID]?.new else { return }
    answers[streamID] = nil
    if old != new { differences.append(ForwardedDifference(.publish, old: old.rawValue, new: new.rawValue)) }
  }
}

extension EntryDecision {
  /// What is denied; nil when nothing is.
  fileprivate var denial: Denial? {
    switch self {
    case .allowed: nil
    case .denied(let denial): denial
    }
  }
}
