import COpenSSL
import NIOCore

/// One DTLS association on OpenSSL, without a socket: datagrams in, datagrams out (RFC 6347, RFC 5764).
///
/// Retransmission is our own, because OpenSSL's timer reads the system's clock, which here does not exist, and starts
/// at one second. A flight that gets no answer is sent again, as it was, after 50, 100, 200 ms and so on up to 3 s:
/// to the peer that is a datagram the network delivered twice, which every DTLS stack must bear (section 4.1.2.6).
/// OpenSSL's own timer is set so far away that it never fires; a peer that asks for our last flight by sending its own
/// again is answered by OpenSSL itself.
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
    case established
    case ended
  }

  private struct Retransmission {
    var at: NIODeadline
    var interval: TimeAmount
  }

  private let ssl: OpaquePointer
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

  deinit { SSL_free(self.ssl) }

  /// A client's first flight. A server waits for one.
  func start(at now: NIODeadline) -> Event? {
    self.step(at: now)
  }

  func receive(_ datagram: ByteBuffer, at now: NIODeadline) -> Event? {
    if case .ended = self.state { return nil }
    self.bio.incoming = datagram
    defer { self.bio.incoming = nil }
    return self.step(at: now)
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
    guard case .established = self.state else {
      self.state = .ended
      return
    }
    ERR_clear_error()
    if SSL_alloc_buffers(self.ssl) == 1 { SSL_shutdown(self.ssl) }
    self.collect()
    self.state = .ended
  }

  // MARK: - Steps

  private func step(at now: NIODeadline) -> Event? {
    ERR_clear_error()
    var event: Event?
    // OpenSSL's two record buffers are most of an association's memory, 34 kB. After the handshake next to nothing comes
    // any more, so they are there only while something does.
    if case .established = self.state, SSL_alloc_buffers(self.ssl) != 1 { return nil }
    if case .handshaking = self.state { event = self.handshake(at: now) }
    if case .established = self.state, let ending = self.read() { event = self.end(ending) }
    self.collect()
    // Refuses, and keeps them, while part of a record waits in them.
    if case .established = self.state { _ = SSL_free_buffers(self.ssl) }
    return event
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
    self.state = .established
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

  /// Reads on until the datagram is used up. Application data (data channels) is not for us.
  private func read() -> Ending? {
    var scratch = [UInt8](repeating: 0, count: 2048)
    while true {
      let result = SSL_read(self.ssl, &scratch, Int32(scratch.count))
      if result > 0 { continue }
      let code = SSL_get_error(self.ssl, result)
      if Self.waits(code) { return nil }
      return self.ending(code, step: "SSL_read")
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
}
