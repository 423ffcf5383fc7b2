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
    var peer: ListenerPeer
    let identity: SessionIdentity
  }

  private var resources: [String: Resource] = [:]
  /// Those whose end was asked for before they had begun.
  private var ended: Set<String> = []
  private let services: SignallingServices

  init(services: SignallingServices) { self.services = services }

  /// A player's offer for the participant `name`, of one who wants in by `request`. Returns the resource's id and the
  /// answer.
  /// - Throws: ``WHEPRefusal`` of the gate, ``RoomError`` when there is nobody to receive.
  func create(
    name: String, offer: String, identity: SessionIdentity, request: EntryRequest
  ) async throws -> (id: String, answer: String) {
    let id = Self.makeID()
    // Before the gate is asked: whoever is in must be found when rules change.
    services.sessions.opened(identity) { [weak self] _ in Task { await self?.end(id, identity) } }
    do {
      if case .denied(let denial) = await services.entrance.admit(request) { throw WHEPRefusal(denial: denial) }
      let answer = try await open(id, room: request.room ?? "", name: name, offer: offer, identity: identity)
      if ended.remove(id) != nil {
        delete(id)
        throw WHEPRefusal(denial: Denial(.notAllowed))
      }
      return (id, answer)
    } catch {
      ended.remove(id)
      services.sessions.closed(identity)
      throw error
    }
  }

  private func open(
    _ id: String, room: String, name: String, offer: String, identity: SessionIdentity
  ) async throws -> String {
    let available = try await services.rooms.tracks(of: name, in: room)
    let description = try SessionDescription(parsing: offer)
    var peer = ListenerPeer(webRTC: services.webRTC) { [weak self] event in
      if case .closed = event { Task { await self?.mediaEnded(id) } }
    }
    var tracks: [String: Track] = [:]
    for section in description.sections {
      guard let mid = section.mid, let track = Self.track(for: section.kind, among: available) else { continue }
      // A player has one sound and one picture: further sections of a kind stay silent.
      if !tracks.values.contains(where: { $0 === track }) { tracks[mid] = track }
    }
    let answer = try peer.answer(offer: offer, tracks: tracks)
    resources[id] = Resource(room: room, name: name, peer: peer, identity: identity)
    return answer
  }

  /// Ends a player, or one that is about to become one.
  private func end(_ id: String, _ identity: SessionIdentity) {
    if !delete(id), services.sessions.contains(identity) { ended.insert(id) }
  }

  /// Whether there is such a resource under that address.
  func exists(_ id: String, room: String, name: String) -> Bool {
    guard let resource = resources[id] else { return false }
    return resource.room == room && resource.name == name
  }

  /// Ends a player. Returns whether there was one.
  @discardableResult
  func delete(_ id: String) -> Bool {
    guard let resource = resources.removeValue(forKey: id) else { return false }
    resource.peer.close()
    services.sessions.closed(resource.identity)
    return true
  }

  /// How many players there are.
  var count: Int { resources.count }

  private func mediaEnded(_ id: String) {
    guard let resource = resources.removeValue(forKey: id) else { return }
    services.sessions.closed(resource.identity)
  }

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
