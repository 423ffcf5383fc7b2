import AccessPolicy
import Rooms

/// What the rules say of a client, in full: for `policy explain` and its address in the API.
public struct AccessVerdict: Sendable {
  /// What the lists say.
  public let explanation: AccessExplanation
  /// Why it may not come in, be it the lists or another rule; nil when it may.
  public let denial: Denial.Kind?

  /// Judges a client.
  /// - Parameters:
  ///   - address: the client's own, behind proxies.
  ///   - listener: by which it comes; nil: no listener's lists are asked.
  ///   - room: which it wants; nil: no room's lists are asked.
  ///   - door: its protocol, such as `rtmp`; nil: rules for old clients are not asked.
  ///   - page: the page that it names; nil: pages are not asked.
  public init(
    of address: IPAddress, by rules: AccessRules, listener: String? = nil, room: String? = nil, door: String? = nil,
    page: String? = nil
  ) {
    explanation = rules.policy.explain(address, listener: listener, room: room)
    let isLegacy = door.map(LegacyDoor.isLegacy) ?? false
    if !explanation.decision.isAllowed {
      denial = .addressDenied
    } else if isLegacy, rules.requiresEncryptedLegacy, door.map(LegacyDoor.isEncrypted) == false {
      denial = .encryptionRequired
    } else if isLegacy, rules.requiresKnownPage, let page, rules.crossDomain?.allows(page: page) != true {
      denial = .pageDenied
    } else {
      denial = nil
    }
  }

  /// Whether it may come in.
  public var isAllowed: Bool { denial == nil }

  /// For people, one fact a line; the first is the decision.
  public var lines: [String] {
    var lines = ["\(explanation.address): \(isAllowed ? "allowed" : "denied")"]
    switch denial {
    case nil: break
    case .encryptionRequired?: lines[0] += ", require_encrypted_legacy: old clients must come by rtmps or rtmpts"
    case .pageDenied?: lines[0] += ", require_known_page: the page is of no domain of cross_domain"
    default: lines[0] += ", \(reason)"
    }
    for level in explanation.levels {
      lines += level.blacklisted.map { "  \(level.level): blacklist has \(Self.text($0))" }
      lines += level.whitelisted.map { "  \(level.level): whitelist has \(Self.text($0))" }
      if level.hasWhitelist, level.whitelisted.isEmpty { lines.append("  \(level.level): not in the whitelist") }
      if !level.hasWhitelist, level.blacklisted.isEmpty { lines.append("  \(level.level): nothing against it") }
    }
    if denial == nil || denial == .addressDenied {
      lines += explanation.changes.map { "  to change that: \($0)" }
    }
    return lines
  }

  private var reason: String {
    let level = explanation.decision.level?.description ?? "all"
    guard let entry = explanation.deciding else { return "not in the whitelist of \(level)" }
    return "blacklist of \(level): \(Self.text(entry))"
  }

  private static func text(_ entry: ListedEntry) -> String {
    "\(entry.range) at \(entry.place)" + (entry.comment.map { " # \($0)" } ?? "")
  }

  /// For programs.
  public var json: JSON {
    let decision = explanation.decision
    return .object([
      .init("address", .string("\(explanation.address)")),
      .init("decision", .string(isAllowed ? "allowed" : "denied")),
      .init("reason", denial.map { .string(decision.reason?.rawValue ?? $0.rawValue) } ?? .null),
      .init("level", decision.level.map { .string("\($0)") } ?? .null),
      .init("list", decision.list.map { .string($0.rawValue) } ?? .null),
      .init("entry", explanation.deciding.map(Self.json) ?? .null),
      .init("levels", .array(explanation.levels.map(Self.json))),
      .init("changes", .array(denial == nil || denial == .addressDenied ? explanation.changes.map(JSON.string) : [])),
    ])
  }

  private static func json(_ level: AccessExplanation.Level) -> JSON {
    .object([
      .init("level", .string("\(level.level)")), .init("allows", .boolean(level.allows)),
      .init("has_whitelist", .boolean(level.hasWhitelist)),
      .init("blacklist", .array(level.blacklisted.map(json))), .init("whitelist", .array(level.whitelisted.map(json))),
    ])
  }

  private static func json(_ entry: ListedEntry) -> JSON {
    .object([
      .init("entry", .string("\(entry.range)")), .init("file", .string(entry.file)),
      .init("line", .integer(entry.line)),
      .init("comment", entry.comment.map(JSON.string) ?? .null),
    ])
  }
}
