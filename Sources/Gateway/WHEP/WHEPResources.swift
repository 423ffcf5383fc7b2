import Edge
import Logging
import Rooms
import WebRTC

/// The gate keeps a player out.
struct WHEPRefusal: Error {
  let denial: Denial
}

/// The WHEP players of the gateway: one resource each, from POST to DELETE or to the end of its media.
actor WHEPResources {
  private struct Resource {
    let room: String
    let name: String
    let session: WHEPSession
    var peer: ListenerPeer
    let identity: SessionIdentity
    /// Its place in the room.
    let listening: Listening
    /// Waits for the speaker to leave.
    let watch: Task<Void, Never>
  }

  private var resources: [String: Resource] = [:]
  /// Those whose end was asked for before they had begun.
  private var ended: Set<String> = []
  private let services: SignallingServices

  init(services: SignallingServices) { self.services = services }

  /// A player's offer for the participant `name`, of one who wants in by `request`. Returns the resource's id, the
  /// answer, and the tag of the ICE session.
  /// - Throws: ``WHEPRefusal`` of the gate, ``TooManySessions``, ``RoomError`` when there is nobody to receive.
  func create(
    name: String, offer: String, identity: SessionIdentity, request: EntryRequest
  ) async throws -> (id: String, answer: String, tag: EntityTag) {
    let id = Self.makeID()
    // Before the gate is asked: whoever is in must be found when rules change.
    let isOpened = services.sessions.opened(identity, byRequestOf: .player) { [weak self] _ in
      Task { await self?.end(id, identity) }
    }
    guard isOpened else { throw TooManySessions() }
    var admittance = Admittance()
    do {
      switch await services.entrance.admit(request) {
      case .allowed(let found): admittance = found
      case .denied(let denial): throw WHEPRefusal(denial: denial)
      }
      let answer = try await open(id, room: request.room ?? "", name: name, offer: offer, identity: identity)
      if ended.remove(id) != nil {
        delete(id)
        throw WHEPRefusal(denial: Denial(.notAllowed))
      }
      return (id, answer, WHEPSession(offer: offer, answer: answer).tag)
    } catch {
      ended.remove(id)
      await services.entrance.giveBack(admittance)
      services.sessions.closed(identity)
      throw error
    }
  }

  private func open(
    _ id: String, room: String, name: String, offer: String, identity: SessionIdentity
  ) async throws -> String {
    // A player takes a place like a browser.
    let listening = try await services.rooms.listen(room: room)
    do {
      let available = try await services.rooms.tracks(of: name, in: room)
      let description = try SessionDescription(parsing: offer)
      var peer = ListenerPeer(webRTC: services.webRTC, room: room) { [weak self] event in
        Task { await self?.peer(event, of: id) }
      }
      let answer = try peer.answer(offer: offer, tracks: Self.tracks(for: description, among: available))
      let speakers = Set(available.values.map(\.participant))
      resources[id] = Resource(
        room: room, name: name, session: WHEPSession(offer: offer, answer: answer), peer: peer, identity: identity,
        listening: listening,
        watch: watch(id, listening.events, speakers))
      log(id)?.info("player begins", metadata: ["name": "\(name)"])
      return answer
    } catch {
      await services.rooms.stopListening(listening)
      throw error
    }
  }

  /// The tracks for an offer's sections. A player has one sound and one picture: further ones of a kind stay silent.
  private static func tracks(
    for offer: SessionDescription, among available: [Rooms.MediaKind: Track]
  ) -> [String: Track] {
    var tracks: [String: Track] = [:]
    for section in offer.sections {
      guard let mid = section.mid, let track = Self.track(for: section.kind, among: available) else { continue }
      if !tracks.values.contains(where: { $0 === track }) { tracks[mid] = track }
    }
    return tracks
  }

  /// Ends the player when its speaker has left for good, or the room closes: a player cannot be told of others.
  private func watch(
    _ id: String, _ events: AsyncStream<RoomEvent>, _ speakers: Set<ParticipantID>
  ) -> Task<Void, Never> {
    Task { [weak self] in
      for await event in events {
        switch event {
        case .left(let participant) where speakers.contains(participant):
          await self?.delete(id, reason: "speaker_left")
          return
        case .closing:
          await self?.delete(id, reason: "shutdown")
          return
        case .left, .participant: break
        }
      }
    }
  }

  private func peer(_ event: PeerEvent, of id: String) {
    switch event {
    case .connected: log(id)?.info("media connected")
    case .closed(let reason): delete(id, reason: "media_\(reason)")
    }
  }

  private func log(_ id: String) -> Logger? {
    guard let resource = resources[id] else { return nil }
    var log = services.log
    log[metadataKey: "session"] = "\(resource.identity.id)"
    log[metadataKey: "address"] = "\(resource.identity.address)"
    log[metadataKey: "room"] = "\(resource.room)"
    return log
  }

  /// Ends a player, or one that is about to become one.
  private func end(_ id: String, _ identity: SessionIdentity) {
    if !delete(id, reason: "ended"), services.sessions.contains(identity) { ended.insert(id) }
  }

  /// The ICE session of the resource under that address, if there is one.
  func session(_ id: String, room: String, name: String) -> WHEPSession? {
    guard let resource = resources[id], resource.room == room, resource.name == name else { return nil }
    return resource.session
  }

  /// Ends a player. Returns whether there was one.
  @discardableResult
  func delete(_ id: String, reason: String = "player_left") -> Bool {
    log(id)?.info("player ended", metadata: ["reason": "\(reason)"])
    guard let resource = resources.removeValue(forKey: id) else { return false }
    resource.watch.cancel()
    resource.peer.close()
    services.sessions.closed(resource.identity)
    Task { [rooms = services.rooms] in await rooms.stopListening(resource.listening) }
    return true
  }

  /// How many players there are.
  var count: Int { resources.count }

  private static func track(for kind: WebRTC.MediaKind, among tracks: [Rooms.MediaKind: Track]) -> Track? {
    switch kind {
    case .audio: tracks[.audio]
    case .video: tracks[.video]
    default: nil
    }
  }

  /// 128 random bits: whoever knows the id may end the resource.
  private static func makeID() -> String {
    var random = SystemRandomNumberGenerator()
    let digits = [random.next(), random.next()].map { (number: UInt64) in
      let text = String(number, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return digits.joined()
  }
}
