import Foundation
import GRDB

/// The presence of a running gateway at the store: others see that it is there, and how far it has acted.
///
/// A lock on a file of its own tells that it lives: the system lets go of it when the process ends, however it ends.
public final class GatewayPresence: Sendable {
  let id: String
  private let lock: Int32
  private let path: String

  fileprivate init(store: String) throws(IdentityError) {
    id = "\(getpid())-\(UInt32.random(in: .min ... .max))"
    path = Self.lockPath(store: store, id: id)
    lock = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw .store("cannot lock \(path): \(systemReason())")
    }
  }

  deinit {
    unlink(path)
    Glibc.close(lock)
  }

  static func lockPath(store: String, id: String) -> String { "\(store).gateway-\(id)" }

  /// Whether the gateway of that id is running.
  static func isAlive(store: String, id: String) -> Bool {
    let file = Glibc.open(lockPath(store: store, id: id), O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { Glibc.close(file) }
    return flock(file, LOCK_EX | LOCK_NB) != 0
  }
}

/// What the running gateways did about a change.
public enum GatewayReaction: Sendable, Hashable {
  /// None is running.
  case nobody
  /// All that are running have acted.
  case acted
  /// One is running and has not acted in time.
  case late
}

extension KeyStore {
  /// A gateway runs on this store from now on, as long as the result lives; `acted` is the change it knows already.
  public func enter(acted: Int64) async throws(IdentityError) -> GatewayPresence {
    let presence = try GatewayPresence(store: path)
    let id = presence.id
    try await write { db in
      try db.execute(sql: "INSERT INTO gateway (id, acted) VALUES (?, ?)", arguments: [id, acted])
    }
    return presence
  }

  /// That gateway has acted on all changes up to this one.
  public func acted(_ presence: GatewayPresence, on change: Int64) async throws(IdentityError) {
    let id = presence.id
    try await write { db in
      try db.execute(sql: "UPDATE gateway SET acted = ? WHERE id = ?", arguments: [change, id])
    }
  }

  /// Waits until every running gateway has acted on a change.
  public func gatewaysActed(on change: Int64, within limit: Duration) async throws(IdentityError) -> GatewayReaction {
    let deadline = ContinuousClock.now + limit
    var hasSeenOne = false
    while true {
      let behind = try await read { db in
        try Row.fetchAll(db, sql: "SELECT id, acted FROM gateway").map { row in
          (id: row["id"] as String, isBehind: (row["acted"] as Int64) < change)
        }
      }
      let alive = behind.filter { GatewayPresence.isAlive(store: path, id: $0.id) }
      try await forget(Set(behind.map(\.id)).subtracting(alive.map(\.id)))
      hasSeenOne = hasSeenOne || !alive.isEmpty
      if !alive.contains(where: \.isBehind) { return hasSeenOne ? .acted : .nobody }
      if ContinuousClock.now >= deadline { return .late }
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Gateways that were killed.
  private func forget(_ ids: Set<String>) async throws(IdentityError) {
    guard !ids.isEmpty else { return }
    for id in ids { unlink(GatewayPresence.lockPath(store: path, id: id)) }
    try await write { db in
      for id in ids { try db.execute(sql: "DELETE FROM gateway WHERE id = ?", arguments: [id]) }
    }
  }
}
