import GRDB

/// The tables, version by version. A version that has been released is never changed; the next one changes it.
enum KeySchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          CREATE TABLE accessKey (
            id TEXT PRIMARY KEY NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            room TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('speaker', 'listener')),
            addresses TEXT NOT NULL,
            isForOnce INTEGER NOT NULL,
            issuedAt INTEGER NOT NULL,
            expiresAt INTEGER,
            usedAt INTEGER,
            revokedAt INTEGER
          ) STRICT
          """)
      // One valid key for each participant, whoever asks at the same time.
      try db.execute(
        sql: "CREATE UNIQUE INDEX accessKeyOfParticipant ON accessKey (room, name) WHERE revokedAt IS NULL")
      // What happened to keys, in order, until a gateway has written it down; its numbers tell that something did.
      try db.execute(
        sql: """
          CREATE TABLE keyEvent (
            number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            at INTEGER NOT NULL,
            action TEXT NOT NULL,
            keyID TEXT NOT NULL,
            room TEXT NOT NULL,
            name TEXT NOT NULL,
            actor TEXT NOT NULL
          ) STRICT
          """)
      try db.execute(
        sql: "CREATE TABLE gateway (id TEXT PRIMARY KEY NOT NULL, acted INTEGER NOT NULL) STRICT")
      try db.execute(
        sql: "CREATE TABLE storeSecret (one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1), mark BLOB NOT NULL) STRICT")
    }
    return migrator
  }
}
