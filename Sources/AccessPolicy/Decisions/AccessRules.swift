import Atomics

/// All rules of who may come in, as they were read at one time. Immutable.
public final class AccessRules: Sendable, AtomicReference {
  /// The lists.
  public let policy: AccessPolicy
  /// Which pages' content may connect; nil: no policy file is given.
  public let crossDomain: CrossDomainPolicy?
  /// Flash clients must come by TLS.
  public let requiresEncryptedLegacy: Bool
  /// The page that a Flash client names must be of a domain of ``crossDomain``. A courtesy check: the client writes it.
  public let requiresKnownPage: Bool

  /// Puts rules together; without any, everybody may come in.
  public init(
    policy: AccessPolicy = AccessPolicy(), crossDomain: CrossDomainPolicy? = nil, requiresEncryptedLegacy: Bool = false,
    requiresKnownPage: Bool = false
  ) {
    self.policy = policy
    self.crossDomain = crossDomain
    self.requiresEncryptedLegacy = requiresEncryptedLegacy
    self.requiresKnownPage = requiresKnownPage
  }
}

/// The rules that are in force: read by everybody without a lock, replaced whole.
public final class RulesInForce: Sendable {
  private let rules: ManagedAtomic<AccessRules>

  /// Starts with `rules`.
  public init(_ rules: AccessRules = AccessRules()) {
    self.rules = ManagedAtomic(rules)
  }

  /// The rules now. What belongs to one decision takes them once.
  public var current: AccessRules { rules.load(ordering: .acquiring) }

  /// From now on, `rules` are in force.
  public func replace(with rules: AccessRules) {
    self.rules.store(rules, ordering: .releasing)
  }
}
