import COpenSSL
import NIOSSL

extension NIOSSLServerHandler {
  /// The subject of the certificate that the client gave, in the notation of RFC 2253; nil when it gave none. TLS's
  /// handshake must be done: it has failed already for a certificate that could not be verified.
  ///
  /// NIOSSL does not tell subjects, so OpenSSL reads the certificate once more.
  var verifiedSubject: String? {
    guard let encoded = try? peerCertificate?.toDERBytes() else { return nil }
    return encoded.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      guard let certificate = d2i_X509(nil, &start, bytes.count) else { return nil }
      defer { X509_free(certificate) }
      guard let text = BIO_new(BIO_s_mem()) else { return nil }
      defer { BIO_free(text) }
      let length = X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, FLASHGATE_XN_FLAG_RFC2253)
      guard length > 0 else { return nil }
      let subject = [UInt8](unsafeUninitializedCapacity: Int(length)) { space, count in
        count = max(0, Int(BIO_read(text, space.baseAddress, length)))
      }
      return String(decoding: subject, as: UTF8.self)
    }
  }
}

extension TLSProtocolVersion {
  init(_ version: TLSVersion) {
    switch version {
    case .tlsv1: self = .v1_0
    case .tlsv11: self = .v1_1
    case .tlsv12: self = .v1_2
    case .tlsv13: self = .v1_3
    }
  }
}
