import Identity
import Logging
import NIOCore
import Rooms
import Synchronization

/// The gate of rooms that need a key. Rooms that are open, and names that are no rooms, are none of its business.
final class KeyGate: RoomGate {
  private let needsKey: @Sendable (String) -> Bool
  private let store: KeyStore
  private let readiness: ReadinessBoard
  private let log: Logger
  private let clock: Clock
  private let attempts = Mutex(AttemptLimiter())

  /// What time it is, in both ways that the gate needs.
  struct Clock: Sendable {
    /// For attempts.
    var now: @Sendable () -> NIODeadline = { .now() }
    /// For keys: seconds since 1970-01-01 00:00 UTC.
    var seconds: @Sendable () -> Int64 = { LogTime.now().seconds }
  }

  /// - Parameter needsKey: whether there is a room of that name, and it is not open.
  init(
    store: KeyStore, readiness: ReadinessBoard, log: Logger, clock: Clock = Clock(),
    needsKey: @escaping @Sendable (String) -> Bool
  ) {
    self.clock = clock
    self.needsKey = needsKey
    self.store = store
    self.readiness = readiness
    self.log = log
  }

  func admit(_ request: EntryRequest) async -> EntryDecision {
    guard let room = request.room, needsKey(room) else { return .allowed(Admittance()) }
    guard let key = request.decidingKey else {
      // A client that connects may bring its key with the stream's name.
      return request.step == .connect ? .allowed(Admittance()) : .denied(Denial(.keyRequired))
    }
    if let wait = attempts.withLock({ $0.wait(address: request.address, room: room, at: clock.now()) }) {
      return .denied(Denial(.tooManyAttempts, retryAfter: Int(wait.nanoseconds / 1_000_000_000) + 1))
    }
    let question = KeyQuestion(
      room: room, name: request.name, role: request.role.map(AccessKeyRole.init), address: request.address,
      isEntry: request.step == .join)
    do throws(IdentityError) {
      let verdict = try await store.verdict(on: key.reveal(), for: question, at: clock.seconds())
      storeWorks()
      switch verdict {
      case .opens(let record):
        return .allowed(Admittance(keyID: record.id, isUsedUp: record.grant.isForOnce && question.isEntry))
      case .refused(let refusal, let keyID):
        if refusal == .unknown {
          // Only guesses: one who comes with a key that has expired must not keep out others of its address.
          attempts.withLock { $0.failed(address: request.address, room: room, at: clock.now()) }
        }
        return .denied(Denial(.notAllowed, cause: refusal.rawValue, keyID: keyID))
      }
    } catch {
      storeFailed(error)
      return .denied(Denial(.unavailable, retryAfter: 5))
    }
  }

  func giveBack(_ admittance: Admittance) async {
    guard admittance.isUsedUp, let id = admittance.keyID else { return }
    do throws(IdentityError) {
      try await store.giveBack(id)
    } catch {
      storeFailed(error)
    }
  }

  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
    let ids = Set(entries.compactMap(\.admittance.keyID))
    guard !ids.isEmpty else { return [] }
    do throws(IdentityError) {
      let spent = try await store.spent(among: ids, at: clock.seconds())
      return entries.compactMap { entry in
        guard let id = entry.admittance.keyID, spent.contains(id) else { return nil }
        return (entry.session, Denial(.notAllowed, cause: "revoked", keyID: id))
      }
    } catch {
      // Who is in stays in: what the store said last is in force.
      storeFailed(error)
      return []
    }
  }

  private func storeWorks() {
    guard readiness.current.faults.contains(where: { $0.part == "store" }) else { return }
    readiness.update { $0.clear(part: "store") }
    log.notice("key store works again")
  }

  private func storeFailed(_ error: IdentityError) {
    readiness.update { $0.report(.init(part: "store", detail: "\(error)", isBlocking: false)) }
    log.error("key store failed", metadata: ["reason": "\(error)"])
  }
}

extension EntryRequest {
  /// The key that counts: at `connect` only one that stands where keys stand, for a word of the client's own among the
  /// arguments must not be taken for a wrong key while the right one may come with the stream's name.
  fileprivate var decidingKey: PresentedKey? {
    keys.first { $0.place == .named } ?? (step == .join ? keys.first : nil)
  }
}

extension AccessKeyRole {
  init(_ role: ParticipantRole) {
    switch role {
    case .speaker: self = .speaker
    case .listener: self = .listener
    }
  }
}
