import COpenSSL

extension DTLSRecordProtection {
  /// The ciphers of the suites that records can go on under without OpenSSL's association.
  enum Suite {
    case aes128GCM
    case aes256GCM
    case chaCha20Poly1305

    /// Nil for a cipher that is not one of these.
    init?(_ nid: Int32) {
      switch nid {
      case NID_aes_128_gcm: self = .aes128GCM
      case NID_aes_256_gcm: self = .aes256GCM
      case NID_chacha20_poly1305: self = .chaCha20Poly1305
      default: return nil
      }
    }

    /// Bytes.
    var keyLength: Int { self == .aes128GCM ? 16 : 32 }
    /// Bytes of the nonce that come of the handshake.
    var saltLength: Int { self == .chaCha20Poly1305 ? 12 : 4 }
    /// Bytes of the nonce that stand in each record.
    var explicitNonceLength: Int { self == .chaCha20Poly1305 ? 0 : 8 }

    fileprivate var cipher: OpaquePointer? {
      switch self {
      case .aes128GCM: EVP_aes_128_gcm()
      case .aes256GCM: EVP_aes_256_gcm()
      case .chaCha20Poly1305: EVP_chacha20_poly1305()
      }
    }

    /// RFC 5288 section 3: salt, then what the record says. RFC 7905 section 2: the number, filled up in front, XOR the
    /// salt.
    func nonce(salt: [UInt8], explicit: UInt64, number: UInt64) -> [UInt8] {
      let last = self == .chaCha20Poly1305 ? number : explicit
      let tail = withUnsafeBytes(of: last.bigEndian) { Array($0) }
      guard self == .chaCha20Poly1305 else { return salt + tail }
      return zip(salt, [0, 0, 0, 0] + tail).map { $0 ^ $1 }
    }
  }
}

/// One record through OpenSSL's cipher. They are few, a handful in an association's life, so nothing is kept between them.
enum DTLSCipher {
  static let tagLength = 16

  /// Text and tag, one after the other.
  static func seal(
    _ text: [UInt8], under suite: DTLSRecordProtection.Suite, key: [UInt8], nonce: [UInt8], header: [UInt8]
  ) -> [UInt8]? {
    guard let context = EVP_CIPHER_CTX_new() else { return nil }
    defer { EVP_CIPHER_CTX_free(context) }
    var (sealed, tag) = ([UInt8](repeating: 0, count: text.count), [UInt8](repeating: 0, count: tagLength))
    var written: Int32 = 0
    guard EVP_EncryptInit_ex(context, suite.cipher, nil, key, nonce) == 1,
      EVP_EncryptUpdate(context, nil, &written, header, Int32(clamping: header.count)) == 1,
      EVP_EncryptUpdate(context, &sealed, &written, text, Int32(clamping: text.count)) == 1,
      EVP_EncryptFinal_ex(context, &tag, &written) == 1,
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
    else { return nil }
    return sealed + tag
  }

  /// The text; nil if it is not authentic.
  static func open(
    _ sealed: [UInt8], tag: [UInt8], under suite: DTLSRecordProtection.Suite, key: [UInt8], nonce: [UInt8],
    header: [UInt8]
  ) -> [UInt8]? {
    guard let context = EVP_CIPHER_CTX_new() else { return nil }
    defer { EVP_CIPHER_CTX_free(context) }
    var (text, tag) = ([UInt8](repeating: 0, count: sealed.count), tag)
    var rest = [UInt8](repeating: 0, count: tagLength)
    var written: Int32 = 0
    guard EVP_DecryptInit_ex(context, suite.cipher, nil, key, nonce) == 1,
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
      EVP_DecryptUpdate(context, nil, &written, header, Int32(clamping: header.count)) == 1,
      EVP_DecryptUpdate(context, &text, &written, sealed, Int32(clamping: sealed.count)) == 1,
      EVP_DecryptFinal_ex(context, &rest, &written) == 1
    else { return nil }
    return text
  }
}
