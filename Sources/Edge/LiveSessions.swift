import NIOCore
import Rooms
import Synchronization

/// Who a session is, for logs, metrics and the operator.
public struct SessionIdentity: Sendable, Hashable {
  /// Unique in this process.
  public let id: UInt64
  /// The protocol by which it came: `rtmp`, `rtmps`, `whep`, `webrtc`.
  public internal(set) var door: String
  /// The listener by which it came.
  public let listener: String
  /// The client's address without its port.
  public let address: String
  /// The subject of the certificate it showed in TLS, if the listener's authority vouches for one.
  public let certificateSubject: String?
  /// The version of TLS between the client and us, `1.2`; nil without TLS of ours.
  public let tls: String?

  /// Names a session.
  public init(
    id: UInt64, door: String, listener: String, address: String, certificateSubject: String? = nil, tls: String? = nil
  ) {
    self.tls = tls
    self.id = id
    self.door = door
    self.listener = listener
    self.address = address
    self.certificateSubject = certificateSubject
  }
}

/// How far a session has come.
public enum SessionState: String, Sendable, Hashable, CaseIterable {
  /// Its protocol's handshake is not done.
  case handshaking
  /// It is in use.
  case connected
}

/// Why the gateway ends a session.
public enum SessionEnd: Sendable, Equatable, CustomStringConvertible {
  /// The process is about to end.
  case draining
  /// A person wants it.
  case operatorRequest
  /// It may no longer be there: its key was revoked, or the lists keep its address out now.
  case denied(Denial)

  /// One sentence for the client.
  public var description: String {
    switch self {
    case .draining: "The gateway is shutting down."
    case .operatorRequest: "The session was ended by the operator."
    case .denied(let denial): "[ Server.Reject ] : \(denial.kind.rawValue): \(denial.sentence)"
    }
  }
}

/// A session as the operator sees it.
public struct LiveSession: Sendable, Hashable {
  /// Who it is.
  public let identity: SessionIdentity
  /// How far it has come.
  public let state: SessionState
  /// By what right it is where; nil until the gate let it in.
  public let entry: Entry?
  /// What has become known of it meanwhile.
  public let traits: SessionTraits
  /// When it was opened.
  public let began: NIODeadline
}

/// What shows of a session while it lasts: for the record of its end.
public struct SessionTraits: Sendable, Hashable {
  /// The codecs of sound that it sent, by name.
  public var audio: Set<String> = []
  /// The codecs of pictures that it sent, by name.
  public var video: Set<String> = []
  /// Its pictures came in another order than they are shown (B-frames), or as fields.
  public var reordersPictures = false
  /// It sent something that cannot be carried.
  public var isUncarried = false
  /// An old server served it.
  public var isShadowed = false

  /// Nothing yet.
  public init() {}
}

/// What sessions are counted by.
public struct SessionKind: Sendable, Hashable {
  /// The protocol, see ``SessionIdentity/door``.
  public let door: String
  /// How far they have come.
  public let state: SessionState

  /// A kind of sessions.
  public init(door: String, state: SessionState) {
    self.door = door
    self.state = state
  }
}

/// All live sessions of the gateway: counted, listed, and ended when the gateway drains.
public final class LiveSessions: Sendable {
  private struct Member {
    var identity: SessionIdentity
    var state: SessionState
    var entry: Entry?
    /// As what it was in last, also when it may no longer be.
    var latestEntry: Entry?
    var traits = SessionTraits()
    /// The place of its own that it has, and as whom; nil when its connection has one.
    var place: (limits: SessionLimits, visitor: Visitor)?
    let began = NIODeadline.now()
    let end: @Sendable (SessionEnd) -> Void

    var session: LiveSession { session(as: entry) }

    func session(as entry: Entry?) -> LiveSession {
      LiveSession(identity: identity, state: state, entry: entry, traits: traits, began: began)
    }
  }
  private let members = Mutex<[UInt64: Member]>([:])
  private let nextID = Atomic<UInt64>(1)

  private let departed: @Sendable (LiveSession) -> Void
  /// The places of sessions that came by requests.
  private let browserPlaces: SessionLimits
  private let playerPlaces: SessionLimits

  /// An empty register.
  /// - Parameters:
  ///   - browserPlaces: how many browsers that came by requests there may be.
  ///   - playerPlaces: how many WHEP players.
  ///   - departed: told of each session that is struck off after the gate let it in, with its last entry.
  public init(
    browserPlaces: SessionLimits = SessionLimits(), playerPlaces: SessionLimits = SessionLimits(),
    departed: @escaping @Sendable (LiveSession) -> Void = { _ in }
  ) {
    self.browserPlaces = browserPlaces
    self.playerPlaces = playerPlaces
    self.departed = departed
  }

  /// A fresh identity.
  public func identify(
    door: String, listener: ListenerID, address: String, certificateSubject: String? = nil, tls: String? = nil
  ) -> SessionIdentity {
    SessionIdentity(
      id: nextID.wrappingAdd(1, ordering: .relaxed).oldValue, door: door, listener: listener.rawValue, address: address,
      certificateSubject: certificateSubject, tls: tls)
  }

  /// Enters a session; `end` may be called from any thread, more than once, and after the session closed.
  public func opened(
    _ identity: SessionIdentity, as state: SessionState = .connected, end: @escaping @Sendable (SessionEnd) -> Void
  ) {
    members.withLock { $0[identity.id] = Member(identity: identity, state: state, end: end) }
  }

  /// Who comes by HTTP requests.
  public enum Receiver: Sendable {
    /// With a web socket.
    case browser
    /// By WHEP, with no connection that stays.
    case player
  }

  /// Enters a session that came by an HTTP request. It is not bounded by connections: one brings any number of requests,
  /// and a proxy's those of many clients. So it takes a place of its own in the name of the request's client.
  /// - Returns: whether it was entered; false when there are as many as there may be, in total or of that address.
  public func opened(
    _ identity: SessionIdentity, byRequestOf receiver: Receiver, end: @escaping @Sendable (SessionEnd) -> Void
  ) -> Bool {
    let limits = receiver == .browser ? browserPlaces : playerPlaces
    // Without an address the client has already gone.
    let visitor = (try? SocketAddress(ipAddress: identity.address, port: 0)).map { Visitor.client($0) }
    let listener = ListenerID(rawValue: identity.listener)
    if let visitor, case .refused = limits.admit(visitor, listener: listener) { return false }
    var member = Member(identity: identity, state: .connected, end: end)
    member.place = visitor.map { (limits, $0) }
    members.withLock { [member] in $0[identity.id] = member }
    return true
  }

  /// More is known of the protocol of a session than when it was opened.
  func recognized(_ identity: SessionIdentity) {
    members.withLock { $0[identity.id]?.identity = identity }
  }

  /// A session that was handshaking is in use from now on.
  public func established(_ identity: SessionIdentity) {
    members.withLock { $0[identity.id]?.state = .connected }
  }

  /// The gate let a session in; replaces what was known of it.
  func entered(_ entry: Entry) {
    members.withLock { members in
      members[entry.session]?.entry = entry
      members[entry.session]?.latestEntry = entry
    }
  }

  /// Something has become known of a session.
  func describe(_ identity: SessionIdentity, _ change: (inout SessionTraits) -> Void) {
    members.withLock { members in
      guard var traits = members[identity.id]?.traits else { return }
      change(&traits)
      members[identity.id]?.traits = traits
    }
  }

  /// A session that is open.
  subscript(_ identity: SessionIdentity) -> LiveSession? { members.withLock { $0[identity.id]?.session } }

  /// Strikes a session off.
  public func closed(_ identity: SessionIdentity) {
    let member = members.withLock { $0.removeValue(forKey: identity.id) }
    if let place = member?.place {
      place.limits.release(place.visitor, listener: ListenerID(rawValue: identity.listener))
    }
    if let member, let entry = member.latestEntry { departed(member.session(as: entry)) }
  }

  /// The sessions there are now.
  public var identities: [SessionIdentity] { members.withLock { $0.values.map(\.identity) } }

  /// Whether a session is still open.
  public func contains(_ identity: SessionIdentity) -> Bool { members.withLock { $0[identity.id] != nil } }

  /// The sessions there are now, the oldest first.
  public var all: [LiveSession] {
    members.withLock { $0.values.map(\.session) }.sorted { $0.identity.id < $1.identity.id }
  }

  /// Those whom the gate let in.
  public var entries: [Entry] { members.withLock { $0.values.compactMap(\.entry) } }

  /// How many sessions came by each protocol and are in each state now.
  public var census: [SessionKind: Int] {
    members.withLock { members in
      members.values.reduce(into: [:]) { counts, member in
        counts[SessionKind(door: member.identity.door, state: member.state), default: 0] += 1
      }
    }
  }

  /// How many sessions there are now.
  public var count: Int { members.withLock { $0.count } }

  /// Asks every session to end.
  public func endAll(_ reason: SessionEnd) {
    let all = members.withLock { Array($0.values) }
    for member in all { member.end(reason) }
  }

  /// Asks those to end whom the predicate names; it is asked outside of the lock.
  /// - Returns: how many were asked.
  @discardableResult
  public func end(_ reason: SessionEnd, where isMeant: (LiveSession) -> Bool) -> Int {
    let all = members.withLock { Array($0.values) }
    let meant = all.filter { isMeant($0.session) }
    for member in meant { member.end(reason) }
    return meant.count
  }

  /// Asks one session to end. Returns whether there was one.
  public func end(_ id: UInt64, _ reason: SessionEnd) -> Bool {
    let member = members.withLock { members -> Member? in
      // Who was sent away is not judged again while it goes.
      if case .denied = reason { members[id]?.entry = nil }
      return members[id]
    }
    guard let member else { return false }
    member.end(reason)
    return true
  }
}
