/// The answer to an ``EntryRequest``.
public enum EntryDecision: Sendable, Hashable {
  /// In, by these rights.
  case allowed(Admittance)
  /// Out, and what the client is told.
  case denied(Denial)
}

/// By what right somebody is in a room.
public struct Admittance: Sendable, Hashable {
  /// The public identity of the access key that opened the room; never the key. Nil in open rooms.
  public var keyID: String?
  /// The key was for one entry, and this was it.
  public var isUsedUp: Bool

  /// What let somebody in; nothing, if the room is open to all.
  public init(keyID: String? = nil, isUsedUp: Bool = false) {
    self.keyID = keyID
    self.isUsedUp = isUsedUp
  }
}

/// Why somebody may not come in, or not stay: what the client is told, which never says more than the kind.
public struct Denial: Sendable, Hashable {
  /// The kind, by its short name in answers, logs and metrics.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The room needs a key and none was shown.
    case keyRequired = "key_required"
    /// The key that was shown does not open this: unknown, used, expired, revoked, of another room, name or role.
    case notAllowed = "not_allowed"
    /// The access lists keep the address out.
    case addressDenied = "address_denied"
    /// The page or SWF is not of a domain that may use the gateway.
    case pageDenied = "page_denied"
    /// Old clients must come by TLS here, and this one does not.
    case encryptionRequired = "encryption_required"
    /// Too many wrong keys from this address, or for this room.
    case tooManyAttempts = "too_many_attempts"
    /// The gateway cannot decide or record now.
    case unavailable
  }

  /// The kind.
  public let kind: Kind
  /// Seconds after which it is of use to try again; nil: never, or as the client likes.
  public let retryAfter: Int?
  /// Why in truth, in a word of a fixed set: for the operator's record, never for the client.
  public let cause: String?
  /// The public identity of the key that was shown, if there is one: for the operator's record.
  public let keyID: String?

  /// A denial of a kind.
  public init(_ kind: Kind, retryAfter: Int? = nil, cause: String? = nil, keyID: String? = nil) {
    self.kind = kind
    self.retryAfter = retryAfter
    self.cause = cause
    self.keyID = keyID
  }

  /// One sentence for people, without secrets.
  public var sentence: String {
    switch kind {
    case .keyRequired: "this room needs an access key"
    case .notAllowed: "not allowed"
    case .addressDenied: "this address is not allowed"
    case .pageDenied: "this page is not allowed"
    case .encryptionRequired: "an encrypted connection is needed: use rtmps"
    case .tooManyAttempts: "too many attempts, try again later"
    case .unavailable: "the gateway cannot decide this now, try again later"
    }
  }
}

/// Somebody who was let in: what the rules are put to again when they change.
public struct Entry: Sendable, Hashable {
  /// The session's number in the gateway.
  public var session: UInt64
  /// The protocol.
  public var door: String
  /// The listener by which it came.
  public var listener: String
  /// The client's address without its port.
  public var address: String
  /// The room; nil for one that is connected and in no room yet.
  public var room: String?
  /// The name under which it speaks.
  public var name: String?
  /// Nil for one that is in no room yet.
  public var role: ParticipantRole?
  /// The page it came from, as it stated it.
  public var pageURL: String?
  /// By what right.
  public var admittance: Admittance

  /// What remains of a request once it was allowed: all but the key.
  public init(_ request: EntryRequest, by admittance: Admittance) {
    session = request.session
    door = request.door
    listener = request.listener
    address = request.address
    room = request.room
    name = request.name
    role = request.role
    pageURL = request.pageURL
    self.admittance = admittance
  }
}
