import COpenSSL
import NIOCore

/// One DTLS association on OpenSSL, without a socket: datagrams in, datagrams out (RFC 6347, RFC 5764).
///
/// Retransmission is our own, because OpenSSL's timer reads the system's clock, which here does not exist, and starts
/// at one second. A flight that gets no answer is sent again, as it was, after 50, 100, 200 ms and so on up to 3 s:
/// to the peer that is a datagram the network delivered twice, which every DTLS stack must bear (section 4.1.2.6).
/// OpenSSL's own timer is set so far away that it never fires.
///
/// When the handshake is done OpenSSL's association goes, for it is most of a receiver's memory: what still comes is
/// served by ``DTLSRecordProtection``. A peer that sends its Finished again, because our last flight was lost, gets that
/// flight once more. Under a cipher suite which that does not know the association stays, and OpenSSL serves it all.
final class DTLSTransport {
  enum Role {
    case server
    case client
  }

  /// How an association ended.
  enum Ending: Hashable, Sendable {
    case closeNotify
    case alert(String)
    case wrongFingerprint
    case noSRTPProfile
    case failed(DTLSFault)
    case timedOut
  }

  enum Event {
    /// The handshake is done and the certificate is the signalled one.
    case established(SRTPKeys)
    case ended(Ending)
  }

  private enum State {
    case handshaking(deadline: NIODeadline, flight: [ByteBuffer], retransmission: Retransmission?)
    /// With the flight that was sent last.
    case established(DTLSRecordProtection, flight: [ByteBuffer])
    case establishedInLibrary(flight: [ByteBuffer])
    case ended
  }

  private struct Retransmission {
    var at: NIODeadline
    var interval: TimeAmount
  }

  /// Nil once it is not needed any more.
  private var ssl: OpaquePointer?
  private let bio: DatagramBIO
  private let role: Role
  private let remoteFingerprints: [Fingerprint]
  private var state: State
  private var outgoing = CircularBuffer<ByteBuffer>()

  init(
    certificate: DTLSCertificate, role: Role = .server, remoteFingerprints: [Fingerprint], at now: NIODeadline
  ) throws(WebRTCError) {
    let bio = DatagramBIO()
    guard let ssl = SSL_new(certificate.context) else { throw .dtls(OpenSSLError.fault("SSL_new")) }
    guard let handle = bio.makeBIO() else {
      SSL_free(ssl)
      throw .dtls(OpenSSLError.fault("BIO_new"))
    }
    SSL_set_bio(ssl, handle, handle)
    if role == .server { SSL_set_accept_state(ssl) } else { SSL_set_connect_state(ssl) }
    _ = flashgate_DTLS_set_link_mtu(ssl, Self.linkMTU)
    DTLS_set_timer_cb(ssl) { _, _ in 3_600_000_000 }
    self.ssl = ssl
    self.bio = bio
    self.role = role
    self.remoteFingerprints = remoteFingerprints
    self.state = .handshaking(deadline: now + Self.handshakeTimeout, flight: [], retransmission: nil)
  }

  deinit { self.release() }

  /// A client's first flight. A server waits for one.
  func start(at now: NIODeadline) -> Event? {
    self.step(at: now)
  }

  func receive(_ datagram: ByteBuffer, at now: NIODeadline) -> Event? {
    switch self.state {
    case .ended: return nil
    case .established(var records, let flight):
      // Changed in place, not in a copy.
      self.state = .ended
      let ending = self.read(datagram, under: &records, flight)
      if let ending { return .ended(ending) }
      self.state = .established(records, flight: flight)
      return nil
    case .handshaking, .establishedInLibrary:
      self.bio.incoming = datagram
      defer { self.bio.incoming = nil }
      return self.step(at: now)
    }
  }

  /// The next datagram for the peer.
  func nextOutput() -> ByteBuffer? { self.outgoing.popFirst() }

  var deadline: NIODeadline? {
    guard case .handshaking(let deadline, _, let retransmission) = self.state else { return nil }
    return min(deadline, retransmission?.at ?? deadline)
  }

  func elapsed(at now: NIODeadline) -> Event? {
    guard case .handshaking(let deadline, let flight, let retransmission) = self.state else { return nil }
    if now >= deadline { return self.end(.timedOut) }
    guard var retransmission, now >= retransmission.at else { return nil }
    self.outgoing.append(contentsOf: flight)
    retransmission.interval = min(retransmission.interval * 2, Self.longestInterval)
    retransmission.at = now + retransmission.interval
    self.state = .handshaking(deadline: deadline, flight: flight, retransmission: retransmission)
    return nil
  }

  /// Says goodbye: a close_notify alert once there are keys to protect it.
  func close() {
    switch self.state {
    case .established(var records, _):
      if let datagram = records.seal(Self.closeNotify, as: .alert) { self.outgoing.append(datagram) }
    case .establishedInLibrary:
      ERR_clear_error()
      if SSL_alloc_buffers(self.ssl) == 1 { SSL_shutdown(self.ssl) }
      self.collect()
    case .handshaking, .ended: break
    }
    self.state = .ended
    self.release()
  }

  // MARK: - Steps

  private func step(at now: NIODeadline) -> Event? {
    ERR_clear_error()
    var event: Event?
    // OpenSSL's two record buffers are 34 kB. After the handshake next to nothing comes any more, so they are there only
    // while something does.
    if case .establishedInLibrary = self.state, SSL_alloc_buffers(self.ssl) != 1 { return nil }
    if case .handshaking = self.state { event = self.handshake(at: now) }
    if case .establishedInLibrary = self.state, let ending = self.read() { event = self.end(ending) }
    if case .established? = event { self.takeOver() }
    self.collect()
    // Refuses, and keeps them, while part of a record waits in them.
    if case .establishedInLibrary = self.state { _ = SSL_free_buffers(self.ssl) }
    return event
  }

  /// Goes on without OpenSSL's association, if the cipher suite is one that can be gone on with.
  private func takeOver() {
    guard case .establishedInLibrary(let former) = self.state, let ssl else { return }
    let flight = self.bio.outgoing.isEmpty ? former : self.bio.outgoing
    guard let records = DTLSRecordProtection(of: ssl, isServer: self.role == .server, flight: flight) else { return }
    self.state = .established(records, flight: flight)
    self.release()
  }

  private func release() {
    SSL_free(self.ssl)
    self.ssl = nil
  }

  private func handshake(at now: NIODeadline) -> Event? {
    let result = SSL_do_handshake(self.ssl)
    if result == 1 { return self.finish() }
    let code = SSL_get_error(self.ssl, result)
    guard Self.waits(code) else {
      return self.end(self.ending(code, step: "SSL_do_handshake"))
    }
    guard case .handshaking(let deadline, _, _) = self.state, !self.bio.outgoing.isEmpty else { return nil }
    self.state = .handshaking(
      deadline: deadline, flight: self.bio.outgoing,
      retransmission: Retransmission(at: now + Self.firstInterval, interval: Self.firstInterval))
    return nil
  }

  private func finish() -> Event {
    var flight = self.bio.outgoing
    if flight.isEmpty, case .handshaking(_, let former, _) = self.state { flight = former }
    guard self.hasSignalledCertificate else { return self.end(.wrongFingerprint) }
    guard let selected = SSL_get_selected_srtp_profile(self.ssl),
      let profile = SRTPProfile(rawValue: selected.pointee.id)
    else { return self.end(.noSRTPProfile) }
    var exported = [UInt8](repeating: 0, count: profile.exportedLength)
    let label = "EXTRACTOR-dtls_srtp"
    guard
      SSL_export_keying_material(self.ssl, &exported, exported.count, label, label.utf8.count, nil, 0, 0) == 1,
      let keys = SRTPKeys(profile: profile, exported: exported, isServer: self.role == .server)
    else { return self.end(.failed(OpenSSLError.fault("SSL_export_keying_material"))) }
    self.state = .establishedInLibrary(flight: flight)
    return .established(keys)
  }

  /// The description may carry several digests; the best algorithm among them decides (RFC 8122 section 5).
  private var hasSignalledCertificate: Bool {
    guard let certificate = SSL_get1_peer_certificate(self.ssl) else { return false }
    defer { X509_free(certificate) }
    for algorithm in Fingerprint.accepted {
      let stated = self.remoteFingerprints.filter { $0.algorithm == algorithm }
      guard !stated.isEmpty else { continue }
      guard let shown = Fingerprint.of(certificate: certificate, algorithm: algorithm) else { return false }
      return stated.contains(shown)
    }
    return false
  }

  /// Takes what a datagram says to a finished handshake. Application data (data channels) is not for us.
  private func read(
    _ datagram: ByteBuffer, under records: inout DTLSRecordProtection, _ flight: [ByteBuffer]
  ) -> Ending? {
    var datagram = datagram
    while let record = DTLSRecord(readingFrom: &datagram) {
      guard let type = DTLSRecord.Content(rawValue: record.type), let content = records.open(record) else { continue }
      switch type {
      case .alert: if let ending = Self.ending(ofAlert: content) { return ending }
      case .handshake:
        if content.first == Self.finished, self.role == .server { self.outgoing.append(contentsOf: flight) }
      }
    }
    return nil
  }

  /// What an alert ends; a warning other than the goodbye ends nothing (RFC 5246 section 7.2).
  private static func ending(ofAlert alert: [UInt8]) -> Ending? {
    guard alert.count == 2 else { return nil }
    if alert[1] == self.closeNotify[1] { return .closeNotify }
    guard alert[0] == self.fatal else { return nil }
    return .alert(SSL_alert_desc_string_long(Int32(alert[1])).map { String(cString: $0) } ?? "unknown")
  }

  /// Reads on until the datagram is used up. Application data (data channels) is not for us.
  private func read() -> Ending? {
    var scratch = [UInt8](repeating: 0, count: 2048)
    while true {
      let result = SSL_read(self.ssl, &scratch, Int32(scratch.count))
      if result > 0 { continue }
      let code = SSL_get_error(self.ssl, result)
      if Self.waits(code) { return nil }
      let ending = self.ending(code, step: "SSL_read")
      // A forged record can bring OpenSSL's association down, but not the session, whose media have their keys.
      if case .failed = ending { return nil }
      return ending
    }
  }

  /// Whether OpenSSL only wants another datagram. It speaks of a system call that failed where a datagram was cut short;
  /// there is none behind our transport, and whoever can forge a datagram must not end the session by it.
  private static func waits(_ code: Int32) -> Bool {
    code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE || code == SSL_ERROR_SYSCALL
  }

  private func ending(_ code: Int32, step: String) -> Ending {
    if code == SSL_ERROR_ZERO_RETURN { return .closeNotify }
    let reason = ERR_GET_REASON(ERR_peek_error())
    let fault = OpenSSLError.fault(step)
    // Reasons from 1000 on are alerts that the peer sent.
    return reason >= 1000 ? .alert(fault.reason) : .failed(fault)
  }

  private func end(_ ending: Ending) -> Event {
    if ending == .wrongFingerprint || ending == .noSRTPProfile {
      ERR_clear_error()
      SSL_shutdown(self.ssl)
    }
    self.state = .ended
    return .ended(ending)
  }

  private func collect() {
    self.outgoing.append(contentsOf: self.bio.outgoing)
    self.bio.outgoing.removeAll()
  }

  /// Under every path's MTU; OpenSSL counts no IP and UDP headers in it.
  private static let linkMTU = 1200
  private static let firstInterval = TimeAmount.milliseconds(50)
  private static let longestInterval = TimeAmount.seconds(3)
  private static let handshakeTimeout = TimeAmount.seconds(30)
  /// The level and description of an alert; the level of one that ends; the type of a handshake message.
  private static let closeNotify: [UInt8] = [1, 0]
  private static let fatal: UInt8 = 2
  private static let finished: UInt8 = 20
}
