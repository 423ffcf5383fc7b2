import AccessPolicy
import Edge
import Identity
import Logging
import Rooms

/// Who may come in, and what is kept of it: the gates in their order, the keys, the audit.
struct Reception: Sendable {
  let sessions: LiveSessions
  let entrance: Entrance
  /// Nil when every room is open.
  let keys: GatewayKeys?
  /// Nil when none is configured.
  let audit: AuditLog?
  private let watch: Task<Void, Never>?

  /// Opens store and audit.
  /// - Throws: `ConfigurationError` with the place of the value that this machine refuses.
  static func open(
    _ configuration: Configuration, rules: RulesInForce, inForce: RoomsInForce, rooms: RoomEngine,
    metrics: GatewayMetrics, readiness: ReadinessBoard, log: Logger
  ) async throws(ConfigurationError) -> Reception {
    let audit = try await openAudit(configuration.audit, readiness: readiness, log: log)
    let keys = try await GatewayKeys.open(configuration, rooms: inForce, readiness: readiness, log: log)
    // Whom the lists keep out is not asked for a key.
    let gates: [(any RoomGate)?] = [ListGate(rules: rules), keys?.gate]
    var gate: any RoomGate = GateRow(gates.compactMap { $0 })
    if let audit {
      gate = AuditGate(gate: gate, audit: audit, isRequired: configuration.audit?.isRequired ?? false)
    }
    let limits = configuration.limits
    let sessions = LiveSessions(
      browserPlaces: SessionLimits(sessions: limits.sessions, sessionsPerAddress: limits.sessionsPerAddress),
      playerPlaces: SessionLimits(sessions: limits.sessions, sessionsPerAddress: limits.playersPerAddress)
    ) { session in audit?.record(.departed(session)) }
    let entrance = Entrance(gate: gate, sessions: sessions) { request, denial in
      metrics.connections(request.door, "denied", denial.kind.rawValue).add()
    }
    let watch = keys.map { keys in
      KeyWatch(
        store: keys.store, presence: keys.presence, entrance: entrance, rooms: rooms, revoked: metrics.keysRevoked(),
        log: log, noted: { event in _ = await audit?.isRecorded(.key(event)) })
    }
    audit?.record(.gateway("start"))
    return Reception(
      sessions: sessions, entrance: entrance, keys: keys, audit: audit,
      watch: watch.map { watch in Task { await watch.run(from: 0) } })
  }

  /// Ends what runs beside the sessions, and waits for the audit's last record.
  func close() async {
    watch?.cancel()
    await watch?.value
    keys?.close()
    _ = await audit?.isRecorded(.gateway("stop"))
  }

  private static func openAudit(
    _ configuration: AuditConfiguration?, readiness: ReadinessBoard, log: Logger
  ) async throws(ConfigurationError) -> AuditLog? {
    guard let configuration else { return nil }
    let isRequired = configuration.isRequired
    let audit = AuditLog(settings: .init(path: configuration.file.value, keep: configuration.keep)) { news in
      news.tell(readiness: readiness, log: log, isRequired: isRequired)
    }
    do throws(AuditFileError) {
      try await audit.open()
    } catch {
      // Without a record nobody would be let in: better not to start. Otherwise the first event tells, and it is tried
      // again.
      if isRequired { throw ConfigurationError(at: configuration.file.position, "the audit: \(error)") }
    }
    return audit
  }
}

extension AuditNews {
  fileprivate func tell(readiness: ReadinessBoard, log: Logger, isRequired: Bool) {
    switch self {
    case .failing(let why):
      readiness.update { $0.report(.init(part: "audit", detail: why, isBlocking: isRequired)) }
      log.critical("audit cannot be written", metadata: ["reason": "\(why)", "required": "\(isRequired)"])
    case .works:
      readiness.update { $0.clear(part: "audit") }
      log.notice("audit is written again")
    case .sealed(let file, let hash): log.notice("audit file sealed", metadata: ["path": "\(file)", "hash": "\(hash)"])
    case .removed(let files):
      log.notice("old audit files removed", metadata: ["path": "\(files.joined(separator: " "))"])
    }
  }
}

extension AuditEvent {
  /// Something happened to a key. Its time is when, not when a gateway learned of it.
  static func key(_ event: KeyEvent) -> AuditEvent {
    AuditEvent(
      .key,
      [
        .init("act", .string(event.action.rawValue)), .init("at", .string(LogTime(seconds: event.at).text)),
        .init("key", .string(event.keyID)), .init("room", .string(event.room)), .init("name", .string(event.name)),
        .init("actor", .string(event.actor)),
      ])
  }
}
