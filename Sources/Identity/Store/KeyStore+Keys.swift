import Foundation
import GRDB

/// A key that was just made, in the one moment in which it can be shown.
public struct IssuedKey: Sendable {
  /// The key.
  public let key: AccessKey
  /// What the store keeps of it.
  public let record: AccessKeyRecord
  /// The number of this change, for ``KeyStore/gatewaysActed(on:within:)``.
  public let change: Int64
}

extension KeyStore {
  /// Makes a key for a participant who has no valid one.
  /// - Parameters:
  ///   - actor: who asks, for the record: `api`, or a user of the machine.
  ///   - now: in seconds since 1970.
  /// - Throws: ``IdentityError/hasKey(room:name:)``, ``IdentityError/expiresInThePast``, and what the store says.
  public func issue(_ grant: AccessKeyGrant, by actor: String, at now: Int64) async throws(IdentityError) -> IssuedKey {
    let (key, hash) = fresh()
    return try await write { db in
      if let record = try Self.valid(db, room: grant.room, name: grant.name) {
        guard record.state(at: now) != .active else { throw IdentityError.hasKey(room: grant.room, name: grant.name) }
        try Self.setRevoked(db, record, at: now)
      }
      let change = try Self.insert(db, key, hash, grant, .issued, by: actor, at: now)
      return IssuedKey(key: key, record: Self.record(key, grant, at: now), change: change)
    }
  }

  /// Replaces a participant's key by a new one that is good for the same.
  /// - Parameter expiresAt: a new time of expiry; nil leaves the old one.
  /// - Throws: ``IdentityError/noKey(room:name:)``, ``IdentityError/expiresInThePast``, and what the store says.
  public func rotate(
    room: String, name: String, expiresAt: Int64? = nil, by actor: String, at now: Int64
  ) async throws(IdentityError) -> IssuedKey {
    let (key, hash) = fresh()
    return try await write { db in
      guard let old = try Self.valid(db, room: room, name: name) else {
        throw IdentityError.noKey(room: room, name: name)
      }
      var grant = old.grant
      grant.expiresAt = expiresAt ?? grant.expiresAt
      try Self.setRevoked(db, old, at: now)
      try Self.note(db, .revoked, old.id, old.grant, by: actor, at: now)
      let change = try Self.insert(db, key, hash, grant, .issued, by: actor, at: now)
      return IssuedKey(key: key, record: Self.record(key, grant, at: now), change: change)
    }
  }

  /// Takes a participant's key back.
  /// - Returns: the key, and the number of this change.
  /// - Throws: ``IdentityError/noKey(room:name:)``, and what the store says.
  public func revoke(
    room: String, name: String, by actor: String, at now: Int64
  ) async throws(IdentityError) -> (record: AccessKeyRecord, change: Int64) {
    try await write { db in
      guard let record = try Self.valid(db, room: room, name: name) else {
        throw IdentityError.noKey(room: room, name: name)
      }
      try Self.setRevoked(db, record, at: now)
      return (record, try Self.note(db, .revoked, record.id, record.grant, by: actor, at: now))
    }
  }

  /// The keys of a room that were not revoked, by name.
  public func keys(room: String) async throws(IdentityError) -> [AccessKeyRecord] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM accessKey WHERE room = ? AND revokedAt IS NULL ORDER BY name", arguments: [room]
      ).compactMap(AccessKeyRecord.init)
    }
  }

  /// Whether a text is a key that opens what is asked for; uses up a key for once.
  public func verdict(on text: String, for question: KeyQuestion, at now: Int64) async throws(IdentityError)
    -> KeyVerdict
  {
    guard let key = AccessKey(text) else { return .refused(.unknown, keyID: nil) }
    let hash = hash(key)
    let verdict: KeyVerdict = try await read { db in
      let row = try Row.fetchOne(db, sql: "SELECT * FROM accessKey WHERE id = ?", arguments: [key.id])
      let known: Data? = row?["hash"]
      // Something is compared in any case: how long it takes tells nothing of which part was wrong.
      let isRight = ServerSecret.areEqual(Array(known ?? Data(count: 32)), hash)
      guard let record = row.flatMap(AccessKeyRecord.init), isRight else { return .refused(.unknown, keyID: nil) }
      return record.refusal(of: question, at: now).map { .refused($0, keyID: record.id) } ?? .opens(record)
    }
    guard case .opens(let record) = verdict, record.grant.isForOnce, question.isEntry else { return verdict }
    let isFirst = try await write { db in
      try db.execute(
        sql: "UPDATE accessKey SET usedAt = ? WHERE id = ? AND usedAt IS NULL AND revokedAt IS NULL",
        arguments: [now, record.id])
      return db.changesCount == 1
    }
    return isFirst ? verdict : .refused(.used, keyID: record.id)
  }

  /// A key for once that was used up, but for nothing, is good for one entry again.
  public func giveBack(_ id: String) async throws(IdentityError) {
    try await write { db in
      try db.execute(
        sql: "UPDATE accessKey SET usedAt = NULL WHERE id = ? AND isForOnce AND revokedAt IS NULL", arguments: [id])
    }
  }

  /// Which of these keys open nothing any more: revoked, expired, or gone. A key for once that was used still holds.
  public func spent(among ids: Set<String>, at now: Int64) async throws(IdentityError) -> Set<String> {
    try await read { db in
      var spent = ids
      let statement = try db.cachedStatement(sql: "SELECT * FROM accessKey WHERE id = ?")
      for id in ids {
        let row = try Row.fetchOne(statement, arguments: [id])
        guard let record = row.flatMap(AccessKeyRecord.init) else { continue }
        switch record.state(at: now) {
        case .active, .used: spent.remove(id)
        case .expired, .revoked: break
        }
      }
      return spent
    }
  }

  /// The keys that expired after one moment and by another.
  public func expired(after last: Int64, through now: Int64) async throws(IdentityError) -> [AccessKeyRecord] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM accessKey WHERE expiresAt > ? AND expiresAt <= ? AND revokedAt IS NULL",
        arguments: [last, now]
      ).compactMap(AccessKeyRecord.init)
    }
  }

  // MARK: -

  private func fresh() -> (AccessKey, [UInt8]) {
    var random = SystemRandomNumberGenerator()
    let key = AccessKey(using: &random)
    return (key, hash(key))
  }

  private func hash(_ key: AccessKey) -> [UInt8] { secret.hash("key 1 \(key.reveal())") }

  /// The key of a participant that was not revoked; it may have expired.
  private static func valid(_ db: Database, room: String, name: String) throws -> AccessKeyRecord? {
    try Row.fetchOne(
      db, sql: "SELECT * FROM accessKey WHERE room = ? AND name = ? AND revokedAt IS NULL", arguments: [room, name]
    ).flatMap(AccessKeyRecord.init)
  }

  private static func record(_ key: AccessKey, _ grant: AccessKeyGrant, at now: Int64) -> AccessKeyRecord {
    AccessKeyRecord(id: key.id, grant: grant, issuedAt: now, usedAt: nil, revokedAt: nil)
  }

  private static func setRevoked(_ db: Database, _ record: AccessKeyRecord, at now: Int64) throws {
    try db.execute(sql: "UPDATE accessKey SET revokedAt = ? WHERE id = ?", arguments: [now, record.id])
  }

  private static func insert(
    _ db: Database, _ key: AccessKey, _ hash: [UInt8], _ grant: AccessKeyGrant, _ action: KeyEvent.Action,
    by actor: String, at now: Int64
  ) throws -> Int64 {
    if let expiresAt = grant.expiresAt, expiresAt <= now { throw IdentityError.expiresInThePast }
    // What was taken back long ago is of no use to anybody.
    try db.execute(sql: "DELETE FROM accessKey WHERE revokedAt < ?", arguments: [now - revokedAreKept])
    try db.execute(
      sql: """
        INSERT INTO accessKey (id, hash, room, name, role, addresses, isForOnce, issuedAt, expiresAt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        key.id, Data(hash), grant.room, grant.name, grant.role.rawValue, grant.addresses.joined(separator: " "),
        grant.isForOnce, now, grant.expiresAt,
      ])
    return try note(db, action, key.id, grant, by: actor, at: now)
  }

  /// Seconds.
  private static let revokedAreKept: Int64 = 30 * 86_400
}

extension AccessKeyRecord {
  /// Nil for a row of a later version that means nothing here.
  init?(_ row: Row) {
    guard let role = AccessKeyRole(rawValue: row["role"]) else { return nil }
    let addresses: String = row["addresses"]
    self.init(
      id: row["id"],
      grant: AccessKeyGrant(
        room: row["room"], name: row["name"], role: role, expiresAt: row["expiresAt"],
        addresses: addresses.split(separator: " ").map(String.init), isForOnce: row["isForOnce"]),
      issuedAt: row["issuedAt"], usedAt: row["usedAt"], revokedAt: row["revokedAt"])
  }
}
