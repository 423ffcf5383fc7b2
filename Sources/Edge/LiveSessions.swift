import NIOCore
import Synchronization

/// Who a session is, for logs, metrics and the operator.
public struct SessionIdentity: Sendable, Hashable {
  /// Unique in this process.
  public let id: UInt64
  /// The protocol by which it came: `rtmp`, `rtmps`, `whep`, `webrtc`.
  public let door: String
  /// The client's address without its port.
  public let address: String

  /// Names a session.
  public init(id: UInt64, door: String, address: String) {
    self.id = id
    self.door = door
    self.address = address
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

  /// One sentence for the client.
  public var description: String {
    switch self {
    case .draining: "The gateway is shutting down."
    case .operatorRequest: "The session was ended by the operator."
    }
  }
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
  private struct Entry {
    let identity: SessionIdentity
    var state: SessionState
    let end: @Sendable (SessionEnd) -> Void
  }
  private let entries = Mutex<[UInt64: Entry]>([:])
  private let nextID = Atomic<UInt64>(1)

  /// An empty register.
  public init() {}

  /// A fresh identity.
  public func identify(door: String, address: String) -> SessionIdentity {
    SessionIdentity(id: nextID.wrappingAdd(1, ordering: .relaxed).oldValue, door: door, address: address)
  }

  /// Enters a session; `end` may be called from any thread, more than once, and after the session closed.
  public func opened(
    _ identity: SessionIdentity, as state: SessionState = .connected, end: @escaping @Sendable (SessionEnd) -> Void
  ) {
    entries.withLock { $0[identity.id] = Entry(identity: identity, state: state, end: end) }
  }

  /// A session that was handshaking is in use from now on.
  public func established(_ identity: SessionIdentity) {
    entries.withLock { $0[identity.id]?.state = .connected }
  }

  /// Strikes a session off.
  public func closed(_ identity: SessionIdentity) {
    entries.withLock { _ = $0.removeValue(forKey: identity.id) }
  }

  /// The sessions there are now.
  public var identities: [SessionIdentity] { entries.withLock { $0.values.map(\.identity) } }

  /// How many sessions came by each protocol and are in each state now.
  public var census: [SessionKind: Int] {
    entries.withLock { entries in
      entries.values.reduce(into: [:]) { counts, entry in
        counts[SessionKind(door: entry.identity.door, state: entry.state), default: 0] += 1
      }
    }
  }

  /// How many sessions there are now.
  public var count: Int { entries.withLock { $0.count } }

  /// Asks every session to end.
  public func endAll(_ reason: SessionEnd) {
    let all = entries.withLock { Array($0.values) }
    for entry in all { entry.end(reason) }
  }

  /// Asks one session to end. Returns whether there was one.
  public func end(_ id: UInt64, _ reason: SessionEnd) -> Bool {
    guard let entry = entries.withLock({ $0[id] }) else { return false }
    entry.end(reason)
    return true
  }
}
