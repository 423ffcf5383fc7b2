import Edge
import Identity
import Logging
import Metrics
import Rooms

/// Follows the store: whoever's key was revoked or has expired is sent away, whichever process revoked it.
///
/// It reads a number of the store twenty times a second, which SQLite answers from shared memory; that is less than a
/// tenth of what a revocation may take, and it needs no address by which to be poked.
struct KeyWatch: Sendable {
  let store: KeyStore
  let presence: GatewayPresence
  let entrance: Entrance
  let rooms: RoomEngine
  let revoked: Counter
  let log: Logger
  /// Told of each event, in order; the store forgets it when this returns. One that is told while the process is killed
  /// is told again by the next.
  let noted: @Sendable (KeyEvent) async -> Void

  static let period = Duration.milliseconds(50)

  /// Runs until its task is cancelled. `known` is the last event that was acted on.
  func run(from known: Int64) async {
    var known = known
    var lastLook = LogTime.now().seconds
    var isFailing = false
    while !Task.isCancelled {
      guard (try? await Task.sleep(for: Self.period)) != nil else { return }
      do throws(IdentityError) {
        let latest = try await store.latestChange()
        if latest != known { known = try await act(upTo: latest, after: known) }
        let now = LogTime.now().seconds
        if now > lastLook {
          try await expire(after: lastLook, through: now)
          lastLook = now
        }
        isFailing = false
      } catch {
        // What a cancelled task asks of the store, the store refuses.
        if Task.isCancelled { return }
        // Told once, not twenty times a second.
        if !isFailing { log.error("key store cannot be read", metadata: ["reason": "\(error)"]) }
        isFailing = true
      }
    }
  }

  /// - Returns: the last event that is acted on now.
  private func act(upTo latest: Int64, after known: Int64) async throws(IdentityError) -> Int64 {
    await entrance.judgeAgain()
    var last = known
    while last < latest {
      // Another gateway on this store may have written some down already, and they are gone.
      let events = try await store.events(after: last)
      for event in events { await note(event) }
      last = events.last?.number ?? latest
    }
    try await store.acted(presence, on: last)
    try await store.forgetEvents(through: last)
    return last
  }

  private func note(_ event: KeyEvent) async {
    if event.action == .revoked {
      // One who is away for the moment shall not be waited for.
      await rooms.forgetAbsent(event.name, in: event.room)
      revoked.add()
    }
    log.notice(
      "key \(event.action.rawValue)",
      metadata: ["key_id": "\(event.keyID)", "room": "\(event.room)", "participant": "\(event.name)"])
    await noted(event)
  }

  private func expire(after last: Int64, through now: Int64) async throws(IdentityError) {
    let expired = try await store.expired(after: last, through: now)
    guard !expired.isEmpty else { return }
    await entrance.judgeAgain()
    for record in expired { await rooms.forgetAbsent(record.grant.name, in: record.grant.room) }
  }
}
