import NIOCore
import RTMPTunnel
import Synchronization

/// All tunnel sessions by their names, and how many each address has. Shared by the event loops.
final class TunnelRegister: Sendable {
  /// A session and the event loop that it is confined to.
  struct Entry: Sendable {
    let loop: any EventLoop
    let connection: NIOLoopBound<TunnelConnection>
  }

  private let entries = Mutex<[TunnelSessionID: Entry]>([:])
  private let all: SessionLimits
  private let unconnected: SessionLimits

  init(caps: TunnelCaps) {
    all = SessionLimits(sessions: caps.sessions, sessionsPerAddress: caps.sessionsPerAddress)
    unconnected = SessionLimits(sessions: caps.sessions, sessionsPerAddress: caps.unconnectedPerAddress)
  }

  subscript(_ id: TunnelSessionID) -> Entry? { entries.withLock { $0[id] } }

  /// Sessions now.
  var count: Int { entries.withLock { $0.count } }

  /// Takes a place for a session of `client`; given back by ``TunnelPlace/leave()``.
  func takePlace(for client: SocketAddress, listener: ListenerID) throws(TunnelRefusal) -> TunnelPlace {
    let visitor = Visitor.client(client)
    if case .refused(let reason) = all.admit(visitor, listener: listener) { throw TunnelRefusal(reason: reason) }
    if case .refused = unconnected.admit(visitor, listener: listener) {
      all.release(visitor, listener: listener)
      throw TunnelRefusal(reason: .tooManyUnconnectedTunnels)
    }
    return TunnelPlace(visitor: visitor, listener: listener, all: all, unconnected: unconnected)
  }

  func enter(_ id: TunnelSessionID, _ connection: TunnelConnection, on loop: any EventLoop) {
    let entry = Entry(loop: loop, connection: NIOLoopBound(connection, eventLoop: loop))
    entries.withLock { $0[id] = entry }
  }

  func forget(_ id: TunnelSessionID) {
    _ = entries.withLock { $0.removeValue(forKey: id) }
  }
}

/// Why no session was opened.
struct TunnelRefusal: Error {
  let reason: ConnectionReason
}

/// A session's place among those of its address. Confined to the session's event loop.
struct TunnelPlace {
  private enum Standing { case unconnected, connected, left }

  private let visitor: Visitor
  private let listener: ListenerID
  private let all: SessionLimits
  private let unconnected: SessionLimits
  private var standing = Standing.unconnected

  fileprivate init(visitor: Visitor, listener: ListenerID, all: SessionLimits, unconnected: SessionLimits) {
    self.visitor = visitor
    self.listener = listener
    self.all = all
    self.unconnected = unconnected
  }

  /// Whether its RTMP `connect` was accepted; also after the end.
  private(set) var wasConnected = false

  mutating func connect() {
    guard case .unconnected = standing else { return }
    unconnected.release(visitor, listener: listener)
    standing = .connected
    wasConnected = true
  }

  mutating func leave() {
    switch standing {
    case .unconnected: unconnected.release(visitor, listener: listener)
    case .connected: break
    case .left: return
    }
    all.release(visitor, listener: listener)
    standing = .left
  }
}

extension ConnectionReason {
  /// The address has as many tunnel sessions without an accepted `connect` as one address may.
  static let tooManyUnconnectedTunnels = ConnectionReason(rawValue: "too_many_unconnected_tunnels")
}
