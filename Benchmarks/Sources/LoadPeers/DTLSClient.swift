import CLibSRTP
import COpenSSL
import NIOCore

/// The client's half of a DTLS association with SRTP keys, on OpenSSL's memory BIOs.
final class DTLSClient {
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// The sessions of both directions, once there are keys.
  private(set) var inbound: OpaquePointer?
  private(set) var outbound: OpaquePointer?

  init?(_ identity: ReceiverIdentity) {
    guard let ssl = SSL_new(identity.context), let incoming = BIO_new(BIO_s_mem()),
      let outgoing = BIO_new(BIO_s_mem())
    else { return nil }
    // An empty BIO means "come again", not the end.
    BIO_ctrl(incoming, 130 /* BIO_C_SET_BUF_MEM_EOF_RETURN */, -1, nil)
    SSL_set_bio(ssl, incoming, outgoing)
    SSL_ctrl(ssl, 17 /* SSL_CTRL_SET_MTU */, 1200, nil)
    DTLS_set_timer_cb(ssl) { _, last in last == 0 ? 50_000 : last * 2 }
    SSL_set_connect_state(ssl)
    self.ssl = ssl
    self.incoming = incoming
    self.outgoing = outgoing
  }

  deinit {
    SSL_free(self.ssl)
    if let inbound { srtp_dealloc(inbound) }
    if let outbound { srtp_dealloc(outbound) }
  }

  /// Takes a datagram, or none to begin. True when the keys have just come.
  func step(_ datagram: UnsafeRawBufferPointer?) -> Bool {
    ERR_clear_error()
    if let datagram { BIO_write(self.incoming, datagram.baseAddress, Int32(datagram.count)) }
    guard self.inbound == nil else {
      var scratch: (UInt64, UInt64) = (0, 0)
      SSL_read(self.ssl, &scratch, 16)
      return false
    }
    guard SSL_do_handshake(self.ssl) == 1 else { return false }
    var keys = [UInt8](repeating: 0, count: 56)
    let label = "EXTRACTOR-dtls_srtp"
    SSL_export_keying_material(self.ssl, &keys, keys.count, label, label.utf8.count, nil, 0, 0)
    // Client key, server key, client salt, server salt (RFC 5764 section 4.2).
    self.outbound = Self.session(Array(keys[0..<16] + keys[32..<44]), ssrc_any_outbound)
    self.inbound = Self.session(Array(keys[16..<32] + keys[44..<56]), ssrc_any_inbound)
    return true
  }

  /// The next datagram for the peer, if any. One BIO read is one flight, which fits into a datagram.
  func output() -> ByteBuffer? {
    var scratch = [UInt8](repeating: 0, count: 8192)
    let count = BIO_read(self.outgoing, &scratch, Int32(scratch.count))
    return count > 0 ? ByteBuffer(bytes: scratch.prefix(Int(count))) : nil
  }

  /// Sends a flight again when it is time.
  func elapsed() { _ = flashgate_DTLSv1_handle_timeout(self.ssl) }

  func close() { SSL_shutdown(self.ssl) }

  static func session(_ key: [UInt8], _ direction: srtp_ssrc_type_t) -> OpaquePointer? {
    var key = key
    var session: OpaquePointer?
    key.withUnsafeMutableBufferPointer { key in
      var policy = srtp_policy_t()
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
      policy.ssrc.type = direction
      policy.key = key.baseAddress
      policy.window_size = 1024
      policy.allow_repeat_tx = 1
      srtp_create(&session, &policy)
    }
    return session
  }
}

/// A libsrtp session for sending under AEAD_AES_128_GCM: 16 bytes of key and 12 of salt. libsrtp must be
/// ready: see ``ReceiverIdentity``.
public func srtpSession(key: [UInt8]) -> OpaquePointer? {
  DTLSClient.session(key, ssrc_any_outbound)
}
