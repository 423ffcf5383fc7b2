import CLibSRTP
import COpenSSL
import Foundation

/// The certificate of all receivers of a process, and the OpenSSL context that offers AES-GCM first, as browsers do.
public final class ReceiverIdentity: @unchecked Sendable {
  // Not changed after `init`; OpenSSL counts its references atomically.
  let context: OpaquePointer
  /// For `a=fingerprint`, SHA-256.
  public let fingerprint: String

  /// nil when a library refuses, which none has a reason to.
  ///
  /// - Parameter startsSRTP: false in a process where the gateway's own code does: libsrtp wants to be started once.
  public init?(startsSRTP: Bool) {
    if startsSRTP, srtp_init() != srtp_err_status_ok { return nil }
    guard let key = flashgate_EVP_PKEY_new_p256(), let certificate = X509_new(),
      let context = SSL_CTX_new(DTLS_client_method())
    else { return nil }
    defer {
      X509_free(certificate)
      EVP_PKEY_free(key)
    }
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), 1)
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600)
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
    X509_set_pubkey(certificate, key)
    guard X509_sign(certificate, key, EVP_sha256()) > 0, SSL_CTX_use_certificate(context, certificate) == 1,
      SSL_CTX_use_PrivateKey(context, key) == 1,
      SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM") == 0
    else { return nil }
    SSL_CTX_set_options(context, FLASHGATE_SSL_OP_NO_QUERY_MTU)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER) { _, _ in 1 }
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    X509_digest(certificate, EVP_sha256(), &digest, &length)
    self.context = context
    self.fingerprint = digest.map { String(format: "%02X", $0) }.joined(separator: ":")
  }

  deinit { SSL_CTX_free(self.context) }
}
