import AccessPolicy
import Logging
import NIOCore
import NIOPosix
import RTP
import Rooms
import Synchronization
import WebRTC

/// All WebRTC media of the gateway: one UDP port, with a socket on it for each event loop.
///
/// The kernel keeps an address pair on one of the sockets. A peer belongs to the loop that got its first check, so its
/// packets arrive where it lives; what comes by another loop is handed over.
public final class MediaPlane: Sendable {
  /// A peer that was negotiated and not heard of yet.
  struct PendingPeer: Sendable {
    let id: PeerID
    var plan: PeerPlan
    let onEvent: @Sendable (PeerEvent) -> Void
    let since: NIODeadline
  }

  /// Where a peer is.
  enum Residence: Sendable {
    case pending(PendingPeer)
    case resident(PeerID, MediaLoop.Handle)
  }

  private struct Register {
    var residences: [PeerID: Residence] = [:]
    /// Fragments lead to peers. A peer that restarted ICE has two for a while.
    var fragments: [String: PeerID] = [:]
    var nextPeer: UInt64 = 1

    mutating func forget(_ id: PeerID) {
      residences[id] = nil
      // Peers are few beside packets, and have one or two fragments each.
      for (ufrag, owner) in fragments where owner == id { fragments[ufrag] = nil }
    }
  }

  let certificate: DTLSCertificate
  let clock: NTPClock
  let metrics: MediaMetrics
  let log: Logger
  /// The TCP connections that carry datagrams beside the UDP port.
  let streams = MediaStreams()
  /// Whether media may come from an address, for a peer in a room.
  public typealias Allows = @Sendable (_ address: IPAddress, _ room: String?) -> Bool

  private let register = Mutex(Register())
  private let loops: [MediaLoop.Handle]

  private init(_ base: Base, loops: [MediaLoop.Handle]) {
    certificate = base.certificate
    clock = base.clock
    metrics = base.metrics
    log = base.log
    self.loops = loops
  }

  /// What the plane is made with.
  struct Base: Sendable {
    let certificate: DTLSCertificate
    let clock: NTPClock
    let metrics: MediaMetrics
    let log: Logger
    let allows: Allows
  }

  /// Opens the port on every loop of `group`, for IPv6 and IPv4 where the machine has both.
  /// - Parameters:
  ///   - port: 1 to 65535, or 0 for any free one.
  ///   - clock: the time of day, for sender reports.
  ///   - allows: asked for each check and each new address of a peer, on the loops: must not block.
  /// - Throws: what `bind` throws, a port in use above all.
  public static func bind(
    port: Int, group: MultiThreadedEventLoopGroup, certificate: DTLSCertificate, clock: NTPClock,
    metrics: MediaMetrics, log: Logger, allows: @escaping Allows = { _, _ in true }
  ) async throws -> MediaPlane {
    var sockets: [MediaSocket] = []
    do {
      for loop in group.makeIterator() {
        // With port 0 the first socket picks the port for all.
        let port = sockets.first?.localAddress.port ?? port
        sockets.append(try await MediaSocket.bind(port: port, on: loop, sharesPort: !sockets.isEmpty))
      }
    } catch {
      for socket in sockets { await socket.close() }
      throw error
    }
    let base = Base(certificate: certificate, clock: clock, metrics: metrics, log: log, allows: allows)
    var loops: [MediaLoop.Handle] = []
    for (index, socket) in sockets.enumerated() { loops.append(try await MediaLoop.make(socket, base, index: index)) }
    let plane = MediaPlane(base, loops: loops)
    for loop in loops { try await loop.begin(plane) }
    return plane
  }

  /// The port of all media.
  public var port: Int { loops.first?.localAddress.port ?? 0 }

  /// Takes a negotiated peer in; its first check brings it to a loop. A peer that is not heard of within 30 s is
  /// forgotten.
  public func open(_ plan: PeerPlan, onEvent: @escaping @Sendable (PeerEvent) -> Void) -> PeerHandle {
    let now = NIODeadline.now()
    forgetSilent(now: now)
    let id = register.withLock { register in
      let id = PeerID(number: register.nextPeer)
      register.nextPeer += 1
      register.residences[id] = .pending(PendingPeer(id: id, plan: plan, onEvent: onEvent, since: now))
      register.fragments[plan.session.local.ufrag] = id
      return id
    }
    return PeerHandle(id: id, plane: self)
  }

  /// The rules have changed: closes the peers whose media come from where they may not come from any more.
  public func judgeAgain() {
    for loop in loops { loop.judgeAgain() }
  }

  /// Closes all peers and the sockets.
  public func shutDown() async {
    for loop in loops { await loop.shutDown() }
  }

  // MARK: For peers' owners

  func update(_ id: PeerID, _ plan: PeerPlan) {
    let resident = register.withLock { register -> MediaLoop.Handle? in
      switch register.residences[id] {
      case .pending(var peer):
        register.fragments[peer.plan.session.local.ufrag] = nil
        peer.plan = plan
        register.residences[id] = .pending(peer)
        register.fragments[plan.session.local.ufrag] = id
        return nil
      case .resident(_, let loop):
        register.fragments[plan.session.local.ufrag] = id
        return loop
      case nil: return nil
      }
    }
    resident?.update(id, plan)
  }

  func close(_ id: PeerID) {
    let residence = register.withLock { register -> Residence? in
      let residence = register.residences[id]
      if case .pending = residence { register.forget(id) }
      return residence
    }
    switch residence {
    case .pending(let peer): peer.onEvent(.closed(reason: "closed_before_first_check"))
    case .resident(_, let loop): loop.close(id)
    case nil: break
    }
  }

  // MARK: For the loops

  /// Where the peer of a fragment is; a pending peer is given to the loop that asks, which then is its home.
  func claim(_ ufrag: String, for loop: MediaLoop.Handle) -> Residence? {
    register.withLock { register in
      guard let id = register.fragments[ufrag] else { return nil }
      let residence = register.residences[id]
      if case .pending = residence { register.residences[id] = .resident(id, loop) }
      return residence
    }
  }

  /// Whether a peer of that fragment was negotiated and is not gone.
  func knows(_ ufrag: String) -> Bool {
    register.withLock { $0.fragments[ufrag] != nil }
  }

  /// The media loop of an event loop, on which this must be called; nil if it has none.
  func mediaLoop(on loop: any EventLoop) -> MediaLoop? {
    loops.lazy.compactMap { $0.mediaLoop(on: loop) }.first
  }

  func forget(_ id: PeerID) {
    register.withLock { $0.forget(id) }
  }

  /// Strikes off the peers that were negotiated and never heard of.
  private func forgetSilent(now: NIODeadline) {
    let silent = register.withLock { register in
      let silent = register.residences.values.compactMap { residence -> PendingPeer? in
        guard case .pending(let peer) = residence, now - peer.since > .seconds(30) else { return nil }
        return peer
      }
      for peer in silent { register.forget(peer.id) }
      return silent
    }
    for peer in silent { peer.onEvent(.closed(reason: "no_connectivity_check")) }
  }
}
