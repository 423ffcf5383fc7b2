import COpenSSL
import Glibc

/// The secret with which the store's hashes are made: 32 random bytes in a file beside the store, for its owner alone.
///
/// Whoever has the store without this file cannot try keys against it.
struct ServerSecret: Sendable {
  private let bytes: [UInt8]

  static let length = 32

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// HMAC-SHA256 (RFC 2104) of a text.
  func hash(_ text: String) -> [UInt8] {
    let message = Array(text.utf8)
    var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    _ = HMAC(EVP_sha256(), bytes, Int32(bytes.count), message, message.count, &result, &length)
    return Array(result.prefix(Int(length)))
  }

  /// Compares in a time that depends on the lengths alone.
  static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && !one.isEmpty && CRYPTO_memcmp(one, other, one.count) == 0
  }
}

extension ServerSecret {
  /// Reads the secret of a store that has one.
  static func read(_ path: String) throws(IdentityError) -> ServerSecret {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .secret("cannot read \(path): \(systemReason())") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .secret("cannot read \(path): \(systemReason())") }
    guard status.st_mode & 0o077 == 0 else {
      throw .secret("\(path) is open to others: chmod 600 it, and rotate all keys if somebody may have read it")
    }
    var bytes = [UInt8](repeating: 0, count: length + 1)
    guard Glibc.read(file, &bytes, bytes.count) == length else { throw .secret("\(path) is damaged") }
    return ServerSecret(bytes: Array(bytes.prefix(length)))
  }

  /// Makes the secret of a new store, or takes the one that another process makes at the same time.
  static func make(_ path: String) throws(IdentityError) -> ServerSecret {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    // Whole or not at all: written under another name, then linked, which fails if the name exists.
    let draft = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max, using: &random))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .secret("cannot write \(draft): \(systemReason())") }
    defer { unlink(draft) }
    let isWritten = write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
    close(file)
    guard isWritten else { throw .secret("cannot write \(draft): \(systemReason())") }
    guard link(draft, path) == 0 || errno == EEXIST else { throw .secret("cannot write \(path): \(systemReason())") }
    return try read(path)
  }
}

/// What the system says of the call that failed last.
func systemReason() -> String { String(cString: strerror(errno)) }
