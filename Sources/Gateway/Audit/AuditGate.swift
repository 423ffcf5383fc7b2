import Rooms

/// Keeps every decision of a gate. If the audit is required, nobody comes in before the record of it is on the disk.
struct AuditGate: RoomGate {
  let gate: any RoomGate
  let audit: AuditLog
  let isRequired: Bool

  func admit(_ request: EntryRequest) async -> EntryDecision {
    let decision = await gate.admit(request)
    let event = AuditEvent.session(request, decision)
    guard isRequired, case .allowed = decision else {
      audit.record(event)
      return decision
    }
    return await audit.isRecorded(event) ? decision : .denied(Denial(.unavailable, retryAfter: 5))
  }

  func giveBack(_ admittance: Admittance) async { await gate.giveBack(admittance) }

  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
    let expelled = await gate.expelled(among: entries)
    guard !expelled.isEmpty else { return [] }
    let known = Dictionary(entries.map { ($0.session, $0) }, uniquingKeysWith: { first, _ in first })
    for (session, denial) in expelled {
      if let entry = known[session] { audit.record(.session(entry, expelledBy: denial)) }
    }
    return expelled
  }
}

extension AuditEvent {
  /// Somebody was let in or kept out.
  static func session(_ request: EntryRequest, _ decision: EntryDecision) -> AuditEvent {
    var facts: [JSON.Member] = []
    switch decision {
    case .allowed: facts.append(.init("decision", "allowed"))
    case .denied(let denial): facts += denied(denial, "denied")
    }
    facts += who(
      session: request.session, door: request.door, listener: request.listener, address: request.address,
      room: request.room, name: request.name, role: request.role)
    facts.append(.init("step", request.step == .connect ? "connect" : "join"))
    facts.append(.init("page", text(request.pageURL.map(withoutQuery))))
    // Only where client certificates are asked for.
    if let subject = request.certificateSubject { facts.append(.init("certificate", text(subject))) }
    facts += [.init("player", text(request.player)), .init("tls", text(request.tls))]
    switch decision {
    case .allowed(let admittance): facts.append(.init("key", text(admittance.keyID)))
    case .denied(let denial): facts.append(.init("key", text(denial.keyID)))
    }
    return AuditEvent(.session, facts)
  }

  /// Somebody who was in may no longer be there.
  static func session(_ entry: Entry, expelledBy denial: Denial) -> AuditEvent {
    AuditEvent(
      .session,
      denied(denial, "expelled")
        + who(
          session: entry.session, door: entry.door, listener: entry.listener, address: entry.address, room: entry.room,
          name: entry.name, role: entry.role) + [.init("key", text(entry.admittance.keyID))])
  }

  private static func denied(_ denial: Denial, _ decision: String) -> [JSON.Member] {
    [
      .init("decision", .string(decision)), .init("reason", .string(denial.kind.rawValue)),
      .init("cause", text(denial.cause)),
    ]
  }

  static func who(
    session: UInt64, door: String, listener: String, address: String, room: String?, name: String?,
    role: ParticipantRole?
  ) -> [JSON.Member] {
    [
      .init("session", .integer(Int(clamping: session))), .init("protocol", .string(door)),
      .init("listener", .string(listener)), .init("address", .string(address)), .init("room", text(room)),
      .init("name", text(name)), .init("role", text(role?.rawValue)),
    ]
  }

  /// What a client said, not longer than is of use.
  static func text(_ text: String?) -> JSON { text.map { .string(String($0.prefix(longestText))) } ?? .null }

  private static let longestText = 256

  /// The query of an address is where keys are put.
  private static func withoutQuery(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }
}
