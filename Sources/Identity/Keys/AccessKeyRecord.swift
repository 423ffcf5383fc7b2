import AccessPolicy

/// What a key lets its owner do.
public enum AccessKeyRole: String, Sendable, Hashable, CaseIterable {
  /// Speak under its name, and listen.
  case speaker
  /// Listen.
  case listener
}

/// What a key is good for.
public struct AccessKeyGrant: Sendable, Hashable {
  /// The one room it opens.
  public var room: String
  /// The one name under which its owner speaks.
  public var name: String
  /// What it lets its owner do.
  public var role: AccessKeyRole
  /// Seconds since 1970 from which it opens nothing any more; nil: never.
  public var expiresAt: Int64?
  /// The addresses it may be shown from; empty: from anywhere.
  public var addresses: [String]
  /// It opens the room once; who was let in stays until the session ends.
  public var isForOnce: Bool

  /// A grant.
  public init(
    room: String, name: String, role: AccessKeyRole = .speaker, expiresAt: Int64? = nil, addresses: [String] = [],
    isForOnce: Bool = false
  ) {
    self.room = room
    self.name = name
    self.role = role
    self.expiresAt = expiresAt
    self.addresses = addresses
    self.isForOnce = isForOnce
  }
}

/// A key as the store knows it: everything but the key.
public struct AccessKeyRecord: Sendable, Hashable {
  /// The key's public part.
  public let id: String
  /// What it is good for.
  public let grant: AccessKeyGrant
  /// Seconds since 1970.
  public let issuedAt: Int64
  /// When a key for once was used.
  public let usedAt: Int64?
  /// When it was revoked.
  public let revokedAt: Int64?

  /// Whether it still opens anything.
  public enum State: String, Sendable, Hashable {
    case active, expired, used, revoked
  }

  /// Its state at a time in seconds since 1970.
  public func state(at now: Int64) -> State {
    if revokedAt != nil { return .revoked }
    if let expiresAt = grant.expiresAt, expiresAt <= now { return .expired }
    return usedAt != nil && grant.isForOnce ? .used : .active
  }
}

/// What somebody with a key wants.
public struct KeyQuestion: Sendable, Hashable {
  /// The room.
  public var room: String
  /// The name to speak under; nil when it is not known yet, or of no matter.
  public var name: String?
  /// What to do there; nil when it is not known yet.
  public var role: AccessKeyRole?
  /// From where.
  public var address: String
  /// Whether this is the entry itself: uses up a key for once.
  public var isEntry: Bool

  /// A question.
  public init(room: String, name: String? = nil, role: AccessKeyRole? = nil, address: String, isEntry: Bool = true) {
    self.room = room
    self.name = name
    self.role = role
    self.address = address
    self.isEntry = isEntry
  }
}

/// Whether a key opens a room. Why not is for the operator's record: who showed the key is told no more than that.
public enum KeyVerdict: Sendable, Hashable {
  /// It does.
  case opens(AccessKeyRecord)
  /// It does not.
  case refused(Refusal, keyID: String?)

  /// Why a key opens nothing.
  public enum Refusal: String, Sendable, Hashable, CaseIterable {
    case unknown, expired, used, revoked
    case otherRoom = "other_room"
    case otherName = "other_name"
    case otherRole = "other_role"
    case otherAddress = "other_address"
  }
}

extension AccessKeyRecord {
  /// Why this key, which was shown in whole, does not open what is asked for; nil: it does.
  func refusal(of question: KeyQuestion, at now: Int64) -> KeyVerdict.Refusal? {
    switch state(at: now) {
    case .revoked: return .revoked
    case .expired: return .expired
    case .used: return .used
    case .active: break
    }
    if grant.room != question.room { return .otherRoom }
    // Who listens has no name there but that of the key.
    if question.role != .listener, let name = question.name, name != grant.name { return .otherName }
    if question.role == .speaker, grant.role != .speaker { return .otherRole }
    return isShownFromItsAddress(question.address) ? nil : .otherAddress
  }

  private func isShownFromItsAddress(_ text: String) -> Bool {
    if grant.addresses.isEmpty { return true }
    guard let address = IPAddress(text) else { return false }
    return grant.addresses.contains { entry in
      (try? ListEntry(parsing: entry))?.range.contains(address) ?? false
    }
  }
}
