/// One thing that the audit keeps (docs/audit.md says every field).
public struct AuditEvent: Sendable, Equatable {
  /// What kind of thing happened: the record's `event`.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A session was let in, kept out, or sent away.
    case session
    /// A session that had been let in ended.
    case departed
    /// An old server did for a client what the gateway would not do, or the other way round.
    case shadow
    /// A key was issued or revoked.
    case key
    /// Other access lists are in force.
    case lists
    /// An operator did something.
    case admin
    /// The gateway started or stops.
    case gateway
    /// A file begins; the first record of each.
    case begin
    /// A file is complete; the last record of each but the present one.
    case seal
    /// The last run left a torn record, or fewer records than it had written.
    case recovered
    /// Records were lost because they could not be written.
    case lost
  }

  /// The kind.
  public let kind: Kind
  /// The facts, under the names of docs/audit.md.
  public let facts: [JSON.Member]

  /// An event; facts without a value are left out.
  public init(_ kind: Kind, _ facts: [JSON.Member]) {
    self.kind = kind
    self.facts = facts.filter { $0.value != .null }
  }

  /// Other access lists are in force.
  /// - Parameters:
  ///   - hash: of the compiled lists: the same lists have the same, whoever loads them.
  ///   - entries: how many entries they have.
  ///   - actor: who had them loaded: `start`, `sighup`, `api`, `file`.
  public static func lists(hash: String, entries: Int, actor: String) -> AuditEvent {
    AuditEvent(
      .lists, [.init("hash", .string(hash)), .init("entries", .integer(entries)), .init("actor", .string(actor))])
  }

  /// An operator did something.
  /// - Parameters:
  ///   - act: a word of a fixed set, such as `end_session` or `reload`.
  ///   - subject: what it was done to.
  public static func admin(_ act: String, subject: String? = nil, actor: String) -> AuditEvent {
    AuditEvent(
      .admin,
      [
        .init("act", .string(act)), .init("subject", subject.map { .string($0) } ?? .null),
        .init("actor", .string(actor)),
      ])
  }

  static func gateway(_ act: String) -> AuditEvent {
    AuditEvent(.gateway, [.init("act", .string(act)), .init("version", .string(GatewayVersion.text))])
  }
}
