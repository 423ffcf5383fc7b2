/// What the lists say of an address, and why.
public enum AccessDecision: Sendable, Hashable {
  /// It may come in.
  case allowed
  /// It may not: this entry of the level's blacklist covers it.
  case blacklisted(AccessLevel, AddressList.Index)
  /// It may not: the level has a whitelist, and no entry of it covers the address.
  case notWhitelisted(AccessLevel)

  /// Whether it may come in.
  public var isAllowed: Bool { self == .allowed }

  /// Why not, as a label of a small fixed set for metrics, logs and clients; nil when it may come in.
  public var reason: Reason? {
    switch self {
    case .allowed: nil
    case .blacklisted: .blacklisted
    case .notWhitelisted: .notWhitelisted
    }
  }

  /// The level that decided; nil when it may come in, for then all agreed.
  public var level: AccessLevel? {
    switch self {
    case .allowed: nil
    case .blacklisted(let level, _), .notWhitelisted(let level): level
    }
  }

  /// The list that decided.
  public var list: ListKind? {
    switch self {
    case .allowed: nil
    case .blacklisted: .blacklist
    case .notWhitelisted: .whitelist
    }
  }

  /// The kinds of refusals.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// A blacklist names the address.
    case blacklisted
    /// A whitelist does not.
    case notWhitelisted = "not_whitelisted"
  }
}

extension AccessPolicy {
  /// The entry that decided, with its file, line and comment; nil when none did. Looks at the whole list: for people.
  public func entry(behind decision: AccessDecision) -> ListedEntry? {
    guard case .blacklisted(let level, let index) = decision else { return nil }
    return lists(of: level).blacklist[index]
  }
}
