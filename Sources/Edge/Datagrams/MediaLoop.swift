import AccessPolicy
import NIOCore
import RTP
import Rooms
import WebRTC

/// The media of one event loop: its UDP socket, the peers that live here, and the fan-out of tracks to them.
///
/// Confined to the loop. Others hold its ``Handle``.
final class MediaLoop {
  let base: MediaPlane.Base
  let socket: MediaSocket
  /// What other threads hold of this loop.
  private(set) lazy var handle = Handle(self)
  private var plane: MediaPlane?
  let arena: DatagramArena
  private var sender: DatagramSender
  var peers: [PeerID: Peer] = [:]
  private var byAddress: [RemoteAddress: Peer] = [:]
  /// Addresses whose packets come here, of peers that live elsewhere.
  private var elsewhere: [RemoteAddress: Handle] = [:]
  var outlets: [TrackID: [Receiver]] = [:]
  private var nextSubscriber: UInt64
  var pacer: RepeatedTask?

  /// Packets of cached pictures that go to one receiver at once, and again each `pace`: faster than any picture needs,
  /// slower than the smallest receive buffer fills.
  private static let burst = 48
  private static let maximumForwards = 4096
  private static let maximumAddresses = 32

  init(_ socket: MediaSocket, _ base: MediaPlane.Base, firstSubscriber: UInt64) {
    self.socket = socket
    self.base = base
    self.sender = DatagramSender(socket: socket.descriptor)
    self.nextSubscriber = firstSubscriber
    let hook = FlushHook()
    self.arena = DatagramArena(slots: 128) { _ in hook.flush?() }
    // The arena is written to by nobody but its loop. A weak reference would make each count of the loop's a slow one.
    hook.flush = { [unowned self] in self.flush() }
  }

  var loop: any EventLoop { socket.channel.eventLoop }

  /// Begins to read. Peers come from `plane` from here on.
  func begin(_ plane: MediaPlane) throws {
    self.plane = plane
    try socket.channel.pipeline.syncOperations.addHandler(DatagramHandler(self))
    try socket.channel.syncOptions?.setOption(.autoRead, value: true)
    socket.channel.read()
  }

  // MARK: Coming in

  /// - Parameter giver: another loop that had it and found that its peer lives here. Such a datagram goes no further: two
  ///   loops that each hold the other for its home would hand it to and fro for ever.
  func receive(_ datagram: ByteBuffer, from address: SocketAddress, handedOverBy giver: Handle? = nil) {
    guard let key = RemoteAddress(address) else { return }
    let now = NIODeadline.now()
    // A check says itself whose it is: an address may have belonged to another peer a moment ago.
    if let ufrag = STUNMessage.localUfrag(of: datagram), allows(address, in: nil),
      let residence = plane?.claim(ufrag, for: handle)
    {
      return check(datagram, from: address, key, of: residence, handedOverBy: giver, at: now)
    }
    if let peer = byAddress[key] { return process(datagram, from: address, key, for: peer, at: now) }
    if giver == nil { elsewhere[key]?.handOver(datagram, from: address, by: handle) }
  }

  private func check(
    _ datagram: ByteBuffer, from address: SocketAddress, _ key: RemoteAddress, of residence: MediaPlane.Residence,
    handedOverBy giver: Handle?, at now: NIODeadline
  ) {
    switch residence {
    case .pending(let pending):
      guard let peer = settle(pending, at: now) else { return }
      process(datagram, from: address, key, for: peer, at: now)
    case .resident(let id, let owner):
      if let peer = peers[id] {
        let isNew = byAddress[key] !== peer
        process(datagram, from: address, key, for: peer, at: now)
        // Whoever had the address there has it no more.
        if isNew, byAddress[key] === peer { giver?.give(key, to: handle) }
        return
      }
      guard owner !== handle, giver == nil else { return }
      if elsewhere.count >= Self.maximumForwards { elsewhere.removeAll(keepingCapacity: true) }
      elsewhere[key] = owner
      owner.handOver(datagram, from: address, by: handle)
    }
  }

  /// A peer of another loop has shown that an address is its own, of which the packets come here.
  func give(_ key: RemoteAddress, to owner: Handle) {
    byAddress[key]?.addresses.remove(key)
    byAddress[key] = nil
    elsewhere[key] = owner
  }

  func readComplete() { flush() }

  private func settle(_ pending: MediaPlane.PendingPeer, at now: NIODeadline) -> Peer? {
    let connection: PeerConnection
    do throws(WebRTCError) {
      connection = try PeerConnection(
        plan: pending.plan.session, certificate: base.certificate, clock: base.clock, at: now)
    } catch {
      base.log.error("no peer connection", metadata: ["reason": "\(error)"])
      plane?.forget(pending.id)
      pending.onEvent(.closed(reason: "failed"))
      return nil
    }
    let peer = Peer(id: pending.id, connection: connection, plan: pending.plan, onEvent: pending.onEvent)
    peers[peer.id] = peer
    return peer
  }

  private func process(
    _ datagram: ByteBuffer, from address: SocketAddress, _ key: RemoteAddress, for peer: Peer, at now: NIODeadline
  ) {
    var datagram = datagram
    guard byAddress[key] === peer || allows(address, in: peer.plan.room) else { return }
    peer.connection.receive(&datagram, from: address, at: now, into: arena)
    if byAddress[key] !== peer, peer.connection.accepts(address) {
      byAddress[key]?.addresses.remove(key)
      // A peer has few addresses. One that shows more and more has the others looked up anew, by their next checks.
      if peer.addresses.count >= Self.maximumAddresses { forgetAddresses(of: peer) }
      peer.addresses.insert(key)
      byAddress[key] = peer
      elsewhere[key] = nil
    }
    if address.isStream || peer.stream != nil {
      peer.stream = peer.connection.remoteAddress.flatMap { plane?.streams[$0] }
    }
    handleEvents(of: peer, at: now)
    rearm(peer)
  }

  func handleEvents(of peer: Peer, at now: NIODeadline) {
    while let event = peer.connection.next() {
      switch event {
      case .connected:
        peer.isConnected = true
        peer.onEvent(.connected)
        subscribe(peer)
      case .keyFrameRequested(let section):
        for receiver in peer.receivers where receiver.section == section {
          receiver.track.requestKeyFrame(for: receiver.id)
        }
      case .receiverReport(let section, let report):
        let before = peer.lost[section] ?? 0
        peer.lost[section] = max(before, report.cumulativeLost)
        if report.cumulativeLost > before { base.metrics.lost.add(UInt64(report.cumulativeLost - before)) }
      case .bitRateChanged: allot(peer, at: now)
      case .closed(let closure): remove(peer, reason: closure.kind)
      }
    }
  }

  // MARK: Tracks

  /// Makes the peer's receivers what its plan says.
  private func subscribe(_ peer: Peer) {
    guard peer.isConnected else { return }
    var wanted: [(section: Int, track: Track, codecs: Set<PayloadCodec>)] = []
    for (index, section) in peer.plan.session.sections.enumerated() {
      guard section.stream != nil, let track = peer.plan.tracks[section.mid] else { continue }
      wanted.append((index, track, Set(section.payloadTypes.codecs)))
    }
    for receiver in peer.receivers
    where !wanted.contains(where: {
      $0.section == receiver.section && $0.track === receiver.track && $0.codecs == receiver.codecs
    }) {
      drop(receiver)
    }
    peer.receivers.removeAll { receiver in outlets[receiver.track.id]?.contains { $0 === receiver } != true }
    for (section, track, codecs) in wanted where !peer.receivers.contains(where: { $0.section == section }) {
      let receiver = Receiver(peer: peer, id: takeSubscriber(), track: track, section: section, codecs: codecs)
      peer.receivers.append(receiver)
      outlets[track.id, default: []].append(receiver)
      track.subscribe(Subscriber(id: receiver.id, codecs: codecs, sink: handle))
    }
  }

  private func drop(_ receiver: Receiver) {
    receiver.track.unsubscribe(receiver.id)
    outlets[receiver.track.id]?.removeAll { $0 === receiver }
    if outlets[receiver.track.id]?.isEmpty == true { outlets[receiver.track.id] = nil }
  }

  private func remove(_ peer: Peer, reason: String) {
    guard peers.removeValue(forKey: peer.id) != nil else { return }
    for receiver in peer.receivers { drop(receiver) }
    peer.receivers.removeAll()
    peer.timer?.task.cancel()
    peer.timer = nil
    if let streams = plane?.streams, !streams.isEmpty {
      for key in peer.addresses { streams.close(at: key) }
    }
    forgetAddresses(of: peer)
    plane?.forget(peer.id)
    base.metrics.countRejections(peer)
    peer.onEvent(.closed(reason: reason))
  }

  private func forgetAddresses(of peer: Peer) {
    for key in peer.addresses where byAddress[key] === peer { byAddress[key] = nil }
    peer.addresses.removeAll()
  }

  private func takeSubscriber() -> SubscriberID {
    defer { nextSubscriber += 1 }
    return SubscriberID(nextSubscriber)
  }

  // MARK: Going out

  /// One frame to all its receivers here.
  func fanOut(
    _ frame: PacketizedFrame, of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?,
    receivedAt: NIODeadline
  ) {
    guard let receivers = outlets[track] else { return }
    let now = NIODeadline.now()
    var packets = 0
    for receiver in receivers {
      let peer = receiver.peer
      if let stream = peer.stream, !receiver.passes(frame, through: stream) {
        base.metrics.heldBack.add()
        continue
      }
      if !track.isAudio, isBusy(peer, at: now) { hold(receiver) }
      guard case .send(let mediaTime) = receiver.take(frame, of: rendition, untouched: untouched, at: now)
      else { continue }
      send(frame, to: receiver, mediaTime: mediaTime, at: now)
      packets += frame.count
    }
    guard packets > 0 else { return }
    flush()
    count(packets, of: track)
    base.metrics.delay.record(nanoseconds: UInt64(max(0, (NIODeadline.now() - receivedAt).nanoseconds)))
  }

  func catchUp(_ group: [PacketizedFrame], of track: TrackID, to subscriber: SubscriberID) {
    guard let receiver = outlets[track]?.first(where: { $0.id == subscriber }), takes(group, receiver.peer) else {
      return
    }
    let now = NIODeadline.now()
    receiver.catchUp(group, at: now)
    sendBacklog(of: receiver, at: now)
    flush()
    if receiver.isCatchingUp { startPacing() }
  }

  func sendBacklog(of receiver: Receiver, at now: NIODeadline) {
    var packets = 0
    while packets < Self.burst, receiver.peer.stream?.isWritable != false, !isBusy(receiver.peer, at: now),
      let (frame, mediaTime) = receiver.nextOfBacklog()
    {
      send(frame, to: receiver, mediaTime: mediaTime, at: now)
      packets += frame.count
    }
    if let dropped = receiver.giveUp(at: now) {
      base.metrics.slowLineDrops.add(UInt64(dropped))
      // What is encoded for it begins anew at once; what passes through does with its next key frame, for the cached
      // group would only fill the line again.
      if case .picture? = receiver.choice.rendition { receiver.track.requestKeyFrame(for: receiver.id) }
    }
    count(packets, of: receiver.track.id)
  }

  private func count(_ packets: Int, of track: TrackID) {
    (track.isAudio ? base.metrics.audioPacketsOut : base.metrics.videoPacketsOut).add(UInt64(packets))
  }

  /// Sends what the arena holds. What the kernel does not take is lost, as on any network; receivers ask again.
  func flush() {
    guard !arena.isEmpty else { return }
    var hasStreams = false
    if let streams = plane?.streams, !streams.isEmpty {
      hasStreams = true
      streams.send(arena)
    }
    let result = sender.send(arena, skippingStreams: hasStreams)
    base.metrics.sendCalls.add(UInt64(result.calls))
    if result.refused > 0 { base.metrics.datagramsRefused.add(UInt64(result.refused)) }
  }

  // MARK: For owners

  func update(_ id: PeerID, _ plan: PeerPlan) {
    guard let peer = peers[id] else { return }
    peer.plan = plan
    peer.connection.update(plan: plan.session, at: .now(), into: arena)
    flush()
    subscribe(peer)
  }

  func close(_ id: PeerID) {
    guard let peer = peers[id] else { return }
    peer.connection.close(at: .now(), into: arena)
    flush()
    remove(peer, reason: "closed")
  }

  /// The rules have changed: closes the peers that use an address which may not send any more.
  func judgeAgain() {
    for peer in Array(peers.values)
    where peer.addresses.contains(where: { !base.allows($0.ipAddress, peer.plan.room) }) {
      peer.connection.close(at: .now(), into: arena)
      flush()
      remove(peer, reason: "address_denied")
    }
  }

  private func allows(_ address: SocketAddress, in room: String?) -> Bool {
    IPAddress(address).map { base.allows($0, room) } ?? false
  }

  func shutDown() -> EventLoopFuture<Void> {
    for id in Array(peers.keys) { close(id) }
    pacer?.cancel()
    // The plane holds the loops, and each loop holds the plane.
    plane = nil
    return socket.channel.close()
  }
}

/// Lets the arena, which is made first, call the loop that owns it.
private final class FlushHook {
  var flush: (() -> Void)?
}

/// Hands datagrams from the socket's channel to its media loop.
private final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let mediaLoop: MediaLoop

  init(_ mediaLoop: MediaLoop) { self.mediaLoop = mediaLoop }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    mediaLoop.receive(envelope.data, from: envelope.remoteAddress)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    mediaLoop.readComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // ICMP errors of single peers come up here; the socket goes on for all others.
    mediaLoop.base.log.debug("datagram socket", metadata: ["reason": "\(error)"])
  }
}
