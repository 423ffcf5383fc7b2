import Glibc

/// Reads small files whole, and says in plain words why one cannot be read.
enum BoundedFile {
  /// Why a file could not be read: the system's words, or that it is too large.
  struct Refusal: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// The bytes of the file at `path`, which must not be more than `limit`.
  static func read(_ path: String, limit: Int) -> Result<[UInt8], Refusal> {
    // Not blocking: a pipe without a writer is an empty file, not a hang at start.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(systemRefusal()) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0 {
        if errno == EINTR { continue }
        return .failure(systemRefusal())
      }
      if count == 0 { return .success(bytes) }
      if bytes.count + count > limit { return .failure(Refusal(description: "larger than \(limit) bytes")) }
      bytes += block[..<count]
    }
  }

  private static func systemRefusal() -> Refusal {
    let number = errno
    switch number {
    case ENOENT: return Refusal(description: "no such file")
    case EACCES: return Refusal(description: "permission denied")
    case EISDIR: return Refusal(description: "it is a directory")
    default: return Refusal(description: String(cString: strerror(number)))
    }
  }
}
