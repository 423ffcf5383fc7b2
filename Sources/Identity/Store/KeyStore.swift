import Foundation
import GRDB

/// The keys of all rooms, in one SQLite file that gateways and the command line share.
///
/// Write-ahead log with full synchronisation: what has been answered is on the disk, and a process that is killed at any
/// moment leaves either the whole of a change or nothing of it. Every statement is prepared; values are bound. Calls wait
/// for the disk on threads of the database's own.
public final class KeyStore: Sendable {
  let pool: DatabasePool
  let secret: ServerSecret
  /// The database file.
  public let path: String

  private init(pool: DatabasePool, secret: ServerSecret, path: String) {
    self.pool = pool
    self.secret = secret
    self.path = path
  }

  /// Opens the store at `path`; makes it, and its secret beside it, if there is none.
  public static func open(_ path: String) async throws(IdentityError) -> KeyStore {
    do {
      // Before SQLite makes the file, which it would let others read.
      try Self.makePrivate(path)
      var configuration = GRDB.Configuration()
      configuration.busyMode = .timeout(10)
      configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
      let pool = try DatabasePool(path: path, configuration: configuration)
      try KeySchema.migrator.migrate(pool)
      let secret = try await Self.secret(of: pool, path: path + ".secret")
      return KeyStore(pool: pool, secret: secret, path: path)
    } catch let error as IdentityError {
      throw error
    } catch {
      throw .store("\(path): \(error.plainText)")
    }
  }

  /// Lets go of the file.
  public func close() { try? pool.close() }

  private static func makePrivate(_ path: String) throws {
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw IdentityError.store("cannot open \(path): \(systemReason())") }
    Glibc.close(file)
  }

  /// The store remembers a hash made with its secret: keys that were hashed with another one would all be refused, and
  /// nobody would know why.
  private static func secret(of pool: DatabasePool, path: String) async throws -> ServerSecret {
    let known = try await pool.read { db in try Data.fetchOne(db, sql: "SELECT mark FROM storeSecret") }
    if let known {
      let secret = try ServerSecret.read(path)
      guard ServerSecret.areEqual(Array(known), secret.hash(secretMark)) else {
        throw IdentityError.secret("\(path) is not the secret of this store: bring back the file that belongs to it")
      }
      return secret
    }
    let secret = try ServerSecret.make(path)
    try await pool.write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO storeSecret (one, mark) VALUES (1, ?)",
        arguments: [Data(secret.hash(secretMark))])
    }
    return secret
  }

  private static let secretMark = "flashgate store"

  /// Reads, with errors as ours.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(IdentityError) -> Value {
    do {
      return try await pool.read { db in try body(db) }
    } catch {
      throw (error as? IdentityError) ?? .store(error.plainText)
    }
  }

  /// Writes in one transaction, with errors as ours.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(IdentityError) -> Value {
    do {
      return try await pool.write { db in try body(db) }
    } catch {
      throw (error as? IdentityError) ?? .store(error.plainText)
    }
  }
}

extension Error {
  /// What went wrong, without the statement and its values.
  var plainText: String {
    guard let error = self as? DatabaseError else { return "\(self)" }
    return error.message ?? "\(error.resultCode)"
  }
}
