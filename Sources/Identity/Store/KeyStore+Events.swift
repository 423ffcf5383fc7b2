import GRDB

/// Something that happened to a key.
public struct KeyEvent: Sendable, Hashable {
  /// What happened.
  public enum Action: String, Sendable, Hashable {
    case issued, revoked
  }

  /// Grows by each event of the store; never used twice.
  public let number: Int64
  /// Seconds since 1970.
  public let at: Int64
  /// What happened.
  public let action: Action
  /// The key's public part.
  public let keyID: String
  /// The room it opens.
  public let room: String
  /// Its owner's name.
  public let name: String
  /// Who did it.
  public let actor: String
}

extension KeyStore {
  /// The number of the latest event; 0 when there was none.
  public func latestChange() async throws(IdentityError) -> Int64 {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'keyEvent'") ?? 0
    }
  }

  /// The events after `number`, in order, at most 1000.
  public func events(after number: Int64) async throws(IdentityError) -> [KeyEvent] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM keyEvent WHERE number > ? ORDER BY number LIMIT 1000", arguments: [number]
      ).compactMap(KeyEvent.init)
    }
  }

  /// The events up to `number` are written down elsewhere.
  public func forgetEvents(through number: Int64) async throws(IdentityError) {
    try await write { db in try db.execute(sql: "DELETE FROM keyEvent WHERE number <= ?", arguments: [number]) }
  }

  /// Notes an event within the transaction that makes it true. Returns its number.
  @discardableResult
  static func note(
    _ db: Database, _ action: KeyEvent.Action, _ keyID: String, _ grant: AccessKeyGrant, by actor: String, at now: Int64
  ) throws -> Int64 {
    try db.execute(
      sql: "INSERT INTO keyEvent (at, action, keyID, room, name, actor) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [now, action.rawValue, keyID, grant.room, grant.name, actor])
    let number = db.lastInsertedRowID
    // A store that no gateway looks after does not grow for ever.
    try db.execute(sql: "DELETE FROM keyEvent WHERE number <= ?", arguments: [number - mostEvents])
    return number
  }

  private static let mostEvents: Int64 = 10_000
}

extension KeyEvent {
  fileprivate init?(_ row: Row) {
    guard let action = Action(rawValue: row["action"]) else { return nil }
    self.init(
      number: row["number"], at: row["at"], action: action, keyID: row["keyID"], room: row["room"], name: row["name"],
      actor: row["actor"])
  }
}
