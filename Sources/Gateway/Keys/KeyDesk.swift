import AccessPolicy
import Identity
import Rooms

/// Where keys are asked for and taken back: by the command line and by the API alike, on the store, whether a gateway
/// runs or not.
public struct KeyDesk: Sendable {
  private let rooms: [String: RoomConfiguration]
  private let store: KeyStore
  private let actor: String

  /// Longest time from a revocation to a running gateway's action that is waited for.
  static let patience = Duration.seconds(10)

  init(rooms: [String: RoomConfiguration], store: KeyStore, actor: String) {
    self.rooms = rooms
    self.store = store
    self.actor = actor
  }

  /// Opens the store of a configuration.
  /// - Parameter actor: who asks, for the record.
  public static func open(_ configuration: Configuration, actor: String) async throws(IdentityError) -> KeyDesk {
    KeyDesk(
      rooms: configuration.rooms, store: try await KeyStore.open(configuration.store.sqlite.value), actor: actor)
  }

  /// Whether the room needs no key: one that is made for it opens nothing that is not open.
  public func isOpen(_ room: String) -> Bool { rooms[room]?.isOpen ?? false }

  /// Makes a key.
  /// - Parameter lifetime: from now; nil: until it is revoked.
  public func issue(_ grant: AccessKeyGrant, lifetime: Duration?) async throws(IdentityError) -> IssuedKey {
    try check(room: grant.room, name: grant.name)
    for address in grant.addresses {
      do throws(ListEntry.Refusal) { _ = try ListEntry(parsing: address) } catch {
        throw .badName("\(quoted(address)) is no address: \(error)")
      }
    }
    let now = LogTime.now().seconds
    var grant = grant
    grant.expiresAt = lifetime.map { Self.end(of: $0, from: now) }
    return try await store.issue(grant, by: actor, at: now)
  }

  /// The keys of a room that were not revoked.
  public func keys(room: String) async throws(IdentityError) -> [AccessKeyRecord] {
    try check(room: room)
    return try await store.keys(room: room)
  }

  /// Takes a key back, and returns when every running gateway has sent its owner away.
  public func revoke(room: String, name: String) async throws(IdentityError) -> (
    record: AccessKeyRecord, reaction: GatewayReaction
  ) {
    try check(room: room)
    let (record, change) = try await store.revoke(room: room, name: name, by: actor, at: LogTime.now().seconds)
    return (record, try await store.gatewaysActed(on: change, within: Self.patience))
  }

  /// Replaces a key, and returns when every running gateway has sent away who came in by the old one.
  public func rotate(room: String, name: String, lifetime: Duration?) async throws(IdentityError) -> (
    issued: IssuedKey, reaction: GatewayReaction
  ) {
    try check(room: room)
    let now = LogTime.now().seconds
    let issued = try await store.rotate(
      room: room, name: name, expiresAt: lifetime.map { Self.end(of: $0, from: now) }, by: actor, at: now)
    return (issued, try await store.gatewaysActed(on: issued.change, within: Self.patience))
  }

  private func check(room: String, name: String? = nil) throws(IdentityError) {
    guard rooms[room] != nil else { throw .noRoom(room) }
    if let name, ParticipantName(name) == nil { throw .badName("\(RoomError.badParticipantName)") }
  }

  /// A time of expiry in seconds; a part of a second counts as a whole one.
  private static func end(of lifetime: Duration, from now: Int64) -> Int64 {
    let (seconds, attoseconds) = lifetime.components
    return now + min(max(seconds, 0), longestLifetime) + (attoseconds > 0 ? 1 : 0)
  }

  private static let longestLifetime: Int64 = 100 * 366 * 86_400
}

extension AccessKeyRecord {
  /// As the API and the command line tell it.
  public func json(at now: Int64) -> JSON {
    func time(_ seconds: Int64?) -> JSON { seconds.map { .string(LogTime(seconds: $0).text) } ?? .null }
    return [
      "id": .string(id), "room": .string(grant.room), "name": .string(grant.name), "role": .string(grant.role.rawValue),
      "state": .string(state(at: now).rawValue), "issued": time(issuedAt), "expires": time(grant.expiresAt),
      "used": time(usedAt), "addresses": .array(grant.addresses.map { .string($0) }), "once": .boolean(grant.isForOnce),
    ]
  }
}

extension JSON {
  /// An object with one more member in front.
  public func with(_ name: String, _ value: JSON) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object([.init(name, value)] + members)
  }
}
