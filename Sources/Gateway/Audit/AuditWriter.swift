/// Something about the audit to tell the operator.
enum AuditNews: Sendable, Equatable {
  /// Records cannot be written; told when it begins.
  case failing(String)
  /// They can again.
  case works
  /// A file is complete. Its last hash in the operator's own log proves the file later.
  case sealed(String, hash: String)
  /// Files older than they are to be kept were removed.
  case removed([String])
}

/// Owns the present file and waits for the disk, on a thread that nobody else needs.
actor AuditWriter {
  private let settings: AuditLog.Settings
  private var file: AuditFile?
  private let thread = DiskThread(label: "flashgate.audit")

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(settings: AuditLog.Settings) { self.settings = settings }

  /// Opens the file, to learn of what is wrong with it.
  func open(at now: LogTime) throws(AuditFileError) { _ = try current(at: now) }

  /// Writes all of these, or throws.
  func write(_ events: [(event: AuditEvent, time: LogTime)]) throws(AuditFileError) -> [AuditNews] {
    guard let time = events.last?.time else { return [] }
    var file = try current(at: time)
    var news: [AuditNews] = []
    if file.isSealed || file.size >= settings.largestFile || file.day < time.text.prefix(10) {
      let name = try file.seal(at: time)
      news.append(.sealed(name, hash: file.chain.hash))
      let chain = file.chain
      self.file = nil
      file = try AuditFile.open(settings.path, at: time, goingOnFrom: chain)
      self.file = file
      let removed = AuditFolder.removeSealed(
        of: settings.path, before: time.seconds - settings.keep.components.seconds)
      if !removed.isEmpty { news.append(.removed(removed)) }
    }
    try file.append(events)
    return news
  }

  private func current(at now: LogTime) throws(AuditFileError) -> AuditFile {
    if let file { return file }
    let opened = try AuditFile.open(settings.path, at: now, goingOnFrom: try AuditFolder.chain(of: settings.path))
    file = opened
    return opened
  }
}
