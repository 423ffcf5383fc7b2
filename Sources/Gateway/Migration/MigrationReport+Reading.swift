import Edge

extension MigrationReport {
  /// Reads the record of a configuration, whether a gateway runs or not.
  /// - Parameters:
  ///   - configuration: its audit is read, and its listeners are the doors.
  ///   - days: how far back participants and doors are looked at, 1 to 400.
  /// - Throws: ``AuditBreak`` when a file cannot be read. Whether the chain holds is for `audit verify`.
  public static func read(_ configuration: Configuration, days: Int = 30) throws -> MigrationReport {
    try read(
      files: configuration.audit.map { AuditReading.files(of: $0.file.value) } ?? [],
      doors: configuration.listeners.flatMap { listener in
        listener.accept.filter(\.isRTMP).map { MigrationDoor(listener: "\(listener.address.value)", way: $0.rawValue) }
          .sorted { $0.way < $1.way }
      },
      now: LogTime.now(), days: days)
  }

  static func read(files: [String], doors: [MigrationDoor], now: LogTime, days: Int) throws -> MigrationReport {
    var ledger = MigrationLedger(MigrationWindow(now: now.milliseconds, length: days))
    for file in files { try AuditReading.lines(of: file) { ledger.read($0) } }
    return ledger.report(openDoors: doors)
  }

  /// Days that a report may look back.
  public static let lengths = 1...400
}
