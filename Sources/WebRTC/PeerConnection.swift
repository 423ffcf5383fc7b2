import NIOCore
import RTP

/// One browser: ICE, DTLS, SRTP and the streams we send to it, without a socket.
///
///     datagram ── first byte ─┬─ STUN ── ICELite ────────── answer
///                             ├─ DTLS ── DTLSTransport ──── flight, keys
///                             └─ SRTCP ─ SRTPSession ────── NACK, PLI, reports
///     frame ── RTPSender ── SRTPSession ── arena
///
/// Confined to one event loop. Everything that leaves is written into the arena the call is given, with its
/// destination. Nothing a peer sends makes a call fail: bad input is counted.
public final class PeerConnection {
  enum State {
    case connecting(since: NIODeadline)
    case connected(SRTPSession)
    case closed(PeerConnectionClosure)
  }

  /// What has been counted since the beginning.
  public internal(set) var counters = PeerConnectionCounters()
  var state: State
  var ice: ICELite
  let dtls: DTLSTransport
  /// By section; nil where nothing is sent.
  var senders: [RTPSender?] = []
  /// One for each canonical name; the picture and the sound of a speaker share it.
  var clocks: [(cname: String?, clock: SpeakerClock?)] = []
  var remoteSSRCs: [UInt32]
  var budget: ResendBudget
  /// The part of the line that packets sent again may take.
  var resends: SendPacer
  /// What may be sent, and the packets on their way.
  var bandwidth: BandwidthEstimator
  /// The bit rate that the owner knows of.
  var toldBitRate: Int
  var nextReport: NIODeadline?
  var soundPolicy = SoundRepetition.Policy()
  /// How often each packet of sound is sent again unasked, now.
  public internal(set) var soundCopies = 0
  /// Packets sent again that go once more with the next copies: a second loss costs a second round trip.
  var resendCopies: [(section: Int, number: UInt16)] = []
  /// When copies may be due; nil on a line that loses nothing.
  var nextRepeat: NIODeadline?
  let ntpClock: NTPClock
  private var dtlsAddress: SocketAddress?
  private var lastSign: NIODeadline
  private var events = CircularBuffer<PeerConnectionEvent>()

  /// - Parameters:
  ///   - plan: what offer and answer have settled.
  ///   - certificate: the one whose fingerprint the answer carries.
  ///   - clock: wall-clock time for sender reports.
  ///   - now: the time of the answer; the peer has 30 s from here.
  public init(plan: SessionPlan, certificate: DTLSCertificate, clock: NTPClock, at now: NIODeadline) throws(WebRTCError)
  {
    self.dtls = try DTLSTransport(certificate: certificate, remoteFingerprints: plan.remoteFingerprints, at: now)
    self.ice = ICELite(local: plan.local, remoteUfrag: plan.remote.ufrag)
    self.state = .connecting(since: now)
    self.ntpClock = clock
    self.lastSign = now
    self.budget = ResendBudget(at: now)
    self.resends = SendPacer(at: now)
    self.bandwidth = BandwidthEstimator(at: now)
    self.toldBitRate = self.bandwidth.bitRate
    self.remoteSSRCs = plan.remoteSSRCs
    self.takeSenders(of: plan)
  }

  // MARK: - In

  /// Takes a datagram from the shared port. The buffer is used up.
  public func receive(
    _ datagram: inout ByteBuffer, from source: SocketAddress, at now: NIODeadline, into arena: DatagramArena
  ) {
    if case .closed = self.state { return }
    switch DatagramKind(of: datagram) {
    case .stun: self.receiveSTUN(datagram, from: source, at: now, into: arena)
    case .dtls: self.receiveDTLS(datagram, from: source, at: now, into: arena)
    case .srtcp: self.receiveRTCP(&datagram, at: now, into: arena)
    case .srtp: self.receiveRTP(&datagram)
    case .unknown: self.counters.unknownDatagrams &+= 1
    }
  }

  /// What has happened since the last call; fetch until nil after each call that takes a time.
  public func next() -> PeerConnectionEvent? { self.events.popFirst() }

  /// When `elapsed` wants to be called; it changes with every other call.
  public var deadline: NIODeadline? {
    if case .closed = self.state { return nil }
    var earliest = self.lastSign + Self.consentTimeout
    if let next = self.dtls.deadline { earliest = min(earliest, next) }
    if let next = self.nextReport { earliest = min(earliest, next) }
    if let next = self.nextRepeat { earliest = min(earliest, next) }
    return earliest
  }

  /// Does what is due: handshake retransmission, sender reports, expiry.
  public func elapsed(at now: NIODeadline, into arena: DatagramArena) {
    if case .closed = self.state { return }
    if now >= self.lastSign + Self.consentTimeout {
      self.end(.consentExpired)
      return
    }
    if let event = self.dtls.elapsed(at: now) { self.take(event, at: now) }
    self.tellBitRate()
    if let due = self.nextRepeat, now >= due { self.repeatSound(at: now, into: arena) }
    self.flushDTLS(into: arena)
    if let due = self.nextReport, now >= due {
      self.sendReports(at: now, into: arena)
      // Not from `now`: a late timer must not make the interval grow.
      self.nextReport = max(due + Self.reportInterval, now)
    }
  }

  /// Where media goes, once the peer has shown an address.
  public var remoteAddress: SocketAddress? {
    self.ice.isNominated ? self.ice.selected : self.dtlsAddress ?? self.ice.selected
  }

  /// The reason of the end, nil while the connection lasts.
  public var closure: PeerConnectionClosure? {
    if case .closed(let reason) = self.state { reason } else { nil }
  }

  // MARK: - Kinds of datagrams

  private func receiveSTUN(
    _ datagram: ByteBuffer, from source: SocketAddress, at now: NIODeadline, into arena: DatagramArena
  ) {
    switch self.ice.receive(datagram, from: source, at: now) {
    case .valid(let answer, _):
      self.counters.checksAnswered &+= 1
      self.lastSign = now
      arena.append(answer, to: source)
    case .refused(let answer, _):
      self.counters.checksRefused &+= 1
      arena.append(answer, to: source)
    case .ignored:
      self.counters.checksIgnored &+= 1
    }
  }

  /// The handshake may begin on any address a check came from; browsers do so before they nominate one.
  private func receiveDTLS(
    _ datagram: ByteBuffer, from source: SocketAddress, at now: NIODeadline, into arena: DatagramArena
  ) {
    guard self.ice.isValid(source) else {
      self.counters.handshakesUnvalidated &+= 1
      return
    }
    self.dtlsAddress = source
    if let event = self.dtls.receive(datagram, at: now) { self.take(event, at: now) }
    self.flushDTLS(into: arena)
  }

  private func receiveRTP(_ packet: inout ByteBuffer) {
    guard case .connected(let srtp) = self.state else {
      self.counters[.beforeKeys] &+= 1
      return
    }
    if let rejection = srtp.unprotect(&packet, sources: self.remoteSSRCs) {
      self.counters[rejection] &+= 1
    } else {
      self.counters.packetsReceived &+= 1
    }
  }

  private func receiveRTCP(_ packet: inout ByteBuffer, at now: NIODeadline, into arena: DatagramArena) {
    guard case .connected(let srtp) = self.state else {
      self.counters[.beforeKeys] &+= 1
      return
    }
    if let rejection = srtp.unprotectRTCP(&packet) {
      self.counters[rejection] &+= 1
      return
    }
    self.lastSign = now
    self.counters.reportsReceived &+= 1
    self.takeFeedback(packet, srtp, at: now, into: arena)
  }

  // MARK: - States

  private func take(_ event: DTLSTransport.Event, at now: NIODeadline) {
    switch event {
    case .established(let keys):
      do throws(WebRTCError) {
        self.state = .connected(try SRTPSession(keys))
        self.emit(.connected)
      } catch {
        self.end(.dtlsFailed("\(error)"))
      }
    case .ended(let ending):
      self.end(PeerConnectionClosure(ending))
    }
  }

  func end(_ reason: PeerConnectionClosure) {
    self.state = .closed(reason)
    self.senders = []
    self.nextReport = nil
    if reason != .local { self.emit(.closed(reason)) }
  }

  func emit(_ event: PeerConnectionEvent) {
    // An owner that does not fetch must not cost memory; the end is always told.
    if self.events.count >= Self.maximumEvents {
      self.events.removeFirst()
      self.counters.eventsDropped &+= 1
    }
    self.events.append(event)
  }

  func flushDTLS(into arena: DatagramArena) {
    guard let destination = self.remoteAddress else { return }
    while let datagram = self.dtls.nextOutput() { arena.append(datagram, to: destination) }
  }

  static let consentTimeout = TimeAmount.seconds(30)
  static let reportInterval = TimeAmount.seconds(1)
  private static let maximumEvents = 256
}

extension PeerConnectionClosure {
  init(_ ending: DTLSTransport.Ending) {
    switch ending {
    case .closeNotify: self = .dtlsAlert("close notify")
    case .alert(let text): self = .dtlsAlert(text)
    case .wrongFingerprint: self = .wrongFingerprint
    case .noSRTPProfile: self = .dtlsFailed("no common SRTP protection profile")
    case .failed(let fault): self = .dtlsFailed("\(fault.step): \(fault.reason)")
    case .timedOut: self = .handshakeTimedOut
    }
  }
}
