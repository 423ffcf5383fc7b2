import Glibc

/// What the disk says when a record cannot be written.
struct AuditFileError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ what: String) { description = what }

  /// The system call on `path` failed just now.
  init(_ what: String, path: String) {
    description = "cannot \(what) \(path): \(String(cString: strerror(errno)))"
  }
}

/// The file to which records are appended, and its head beside it. Confined to its owner; waits for the disk.
final class AuditFile {
  private(set) var chain: AuditChain
  /// The number of the file's first record.
  let first: UInt64
  /// Bytes of whole records.
  private(set) var size: Int
  /// The day of its first record, as `2026-01-31`.
  let day: String
  let path: String
  /// Its last record is its seal: it only lacks its name.
  private(set) var isSealed: Bool
  private let file: Int32
  private let head: Int32

  private init(
    path: String, file: Int32, head: Int32, chain: AuditChain, first: UInt64, size: Int, day: String,
    isSealed: Bool = false
  ) {
    self.isSealed = isSealed
    self.path = path
    self.file = file
    self.head = head
    self.chain = chain
    self.first = first
    self.size = size
    self.day = day
  }

  deinit {
    close(file)
    close(head)
  }

  /// Opens the file to go on with it, or makes it; what the last run left damaged at its end is cut off, and said.
  /// - Parameter chain: where the chain stands if the file is new.
  static func open(_ path: String, at now: LogTime, goingOnFrom chain: AuditChain) throws(AuditFileError) -> AuditFile {
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw AuditFileError("open", path: path) }
    // Two writers would break the chain.
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw AuditFileError("\(path) is written by another process")
    }
    let headPath = AuditHead.path(of: path)
    let head = Glibc.open(headPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard head >= 0 else {
      let error = AuditFileError("open", path: headPath)
      close(file)
      throw error
    }
    let tail: AuditTail
    do throws(AuditFileError) { tail = try AuditTail.read(file, path: path) } catch {
      close(file)
      close(head)
      throw error
    }
    guard let last = tail.last, let first = tail.first else {
      let new = AuditFile(
        path: path, file: file, head: head, chain: chain, first: chain.sequence + 1, size: 0,
        day: String(now.text.prefix(10)))
      // What stands there is the torn beginning of a first record, which nobody was told of.
      guard ftruncate(file, 0) == 0 else { throw AuditFileError("shorten", path: path) }
      try new.append([(AuditEvent(.begin, [.init("version", .string(GatewayVersion.text))]), now)])
      return new
    }
    let noted = AuditHead.read(of: path)
    let old = AuditFile(
      path: path, file: file, head: head, chain: AuditChain(after: last), first: first, size: tail.whole, day: tail.day,
      isSealed: last.kind == AuditEvent.Kind.seal.rawValue)
    let lost = noted.map { $0.sequence > last.sequence ? Int(clamping: $0.sequence - last.sequence) : 0 } ?? 0
    try old.recover(dropping: tail.size - tail.whole, lost: lost, at: now)
    return old
  }

  private func recover(dropping bytes: Int, lost: Int, at now: LogTime) throws(AuditFileError) {
    if bytes > 0, ftruncate(file, off_t(size)) != 0 { throw AuditFileError("shorten", path: path) }
    guard !isSealed, bytes > 0 || lost > 0 else { return }
    let facts: [JSON.Member] = [.init("dropped_bytes", .integer(bytes)), .init("lost_records", .integer(lost))]
    try append([(AuditEvent(.recovered, facts), now)])
  }

  /// Appends records and waits until they are on the disk. Whole or not at all: what a full disk took in part is cut off
  /// again.
  func append(_ events: [(event: AuditEvent, time: LogTime)]) throws(AuditFileError) {
    var chain = chain
    var bytes: [UInt8] = []
    for (event, time) in events { bytes += chain.append(event, at: time).utf8 }
    do throws(AuditFileError) {
      try Self.writeAll(bytes, to: file, path: path)
      guard fdatasync(file) == 0 else { throw AuditFileError("write", path: path) }
    } catch {
      // Should this fail too, the next start finds the torn end.
      _ = ftruncate(file, off_t(size))
      throw error
    }
    size += bytes.count
    self.chain = chain
    let line = Array(AuditHead(sequence: chain.sequence, hash: chain.hash).line.utf8)
    // The records stand; a head that is behind proves less, and nothing wrong.
    _ = pwrite(head, line, line.count, 0)
  }

  /// Closes the file for good: its seal, and a name of its own.
  /// - Returns: the name.
  func seal(at now: LogTime) throws(AuditFileError) -> String {
    if !isSealed {
      let records = Int(clamping: chain.sequence + 2 - first)
      try append([
        (AuditEvent(.seal, [.init("first", .integer(Int(clamping: first))), .init("records", .integer(records))]), now)
      ])
      isSealed = true
    }
    let sealed = AuditFolder.sealedPath(of: path, first: first)
    guard rename(path, sealed) == 0 else { throw AuditFileError("rename", path: path) }
    unlink(AuditHead.path(of: path))
    return sealed
  }

  private static func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws(AuditFileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw AuditFileError("write", path: path) }
      rest = rest.dropFirst(count)
    }
  }
}
