import CLibSRTP
import COpenSSL

/// The gateway's identity towards every peer: a self-signed P-256 certificate made at start, and the OpenSSL context
/// that serves it. One for the whole process.
///
/// ECDSA on P-256, because its whole first flight fits into one datagram; RSA's does not.
///
/// `@unchecked Sendable`: the only stored C object is an `SSL_CTX`, which is not changed after `init` and whose
/// reference count OpenSSL handles atomically, so connections on any thread may be made from it.
public final class DTLSCertificate: @unchecked Sendable {
  /// What `a=fingerprint` says of it, SHA-256.
  public let fingerprint: Fingerprint
  /// `SSL_CTX`
  let context: OpaquePointer

  /// Makes key, certificate and context, and readies libsrtp, so that the first receiver need not wait for it. The
  /// serial number comes from `random`; the key from OpenSSL's own generator, for no other is good enough for keys.
  public init(using random: inout some RandomNumberGenerator) throws(WebRTCError) {
    guard SRTPContext.isLibraryReady else { throw .srtp(status: srtp_err_status_init_fail.rawValue) }
    guard let key = flashgate_EVP_PKEY_new_p256() else { throw .dtls(OpenSSLError.fault("EVP_EC_gen")) }
    defer { EVP_PKEY_free(key) }
    guard let certificate = Self.selfSigned(key: key, serial: Int64.random(in: 1 ... .max, using: &random)) else {
      throw .dtls(OpenSSLError.fault("X509_sign"))
    }
    defer { X509_free(certificate) }
    guard let fingerprint = Fingerprint.of(certificate: certificate, algorithm: "sha-256") else {
      throw .dtls(OpenSSLError.fault("X509_digest"))
    }
    guard let context = SSL_CTX_new(DTLS_method()) else { throw .dtls(OpenSSLError.fault("SSL_CTX_new")) }
    self.context = context
    self.fingerprint = fingerprint
    // From here on `deinit` frees the context.
    guard Self.configure(context, key: key, certificate: certificate) else {
      throw .dtls(OpenSSLError.fault("SSL_CTX configuration"))
    }
  }

  deinit { SSL_CTX_free(self.context) }

  private static func selfSigned(key: OpaquePointer, serial: Int64) -> OpaquePointer? {
    guard let certificate = X509_new() else { return nil }
    let day = 24 * 60 * 60
    let name = Array("FlashGate".utf8)
    guard X509_set_version(certificate, 2) == 1,
      ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial) == 1,
      // Nobody checks the dates of such a certificate; a day back forgives clocks that are slow.
      X509_gmtime_adj(X509_getm_notBefore(certificate), -day) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * day) != nil,
      X509_set_pubkey(certificate, key) == 1,
      X509_NAME_add_entry_by_txt(
        X509_get_subject_name(certificate), "CN", 0x1000 | 1, name, CInt(name.count), -1, 0) == 1,
      X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1,
      X509_sign(certificate, key, EVP_sha256()) > 0
    else {
      X509_free(certificate)
      return nil
    }
    return certificate
  }

  private static func configure(_ context: OpaquePointer, key: OpaquePointer, certificate: OpaquePointer) -> Bool {
    SSL_CTX_set_options(
      context,
      FLASHGATE_SSL_OP_NO_QUERY_MTU | FLASHGATE_SSL_OP_NO_RENEGOTIATION | FLASHGATE_SSL_OP_NO_TICKET)
    // The chain proves nothing: the fingerprint of the signalled description does, and it is compared after the
    // handshake, before any key is used. So the callback lets every certificate pass, but there must be one.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 1 }
    // No receiver resumes a session, and a cache would hold each one with its certificate.
    _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    return flashgate_SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1
      && SSL_CTX_use_certificate(context, certificate) == 1
      && SSL_CTX_use_PrivateKey(context, key) == 1
      && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL") == 1
      && flashgate_SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1
      // The server's order decides; 0 means success here, unlike everywhere else.
      && SSL_CTX_set_tlsext_use_srtp(context, SRTPProfile.allCases.map(\.openSSLName).joined(separator: ":")) == 0
  }
}
