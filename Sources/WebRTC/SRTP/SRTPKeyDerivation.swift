import COpenSSL

/// What a session key is for: the number that its derivation mixes in (RFC 3711 section 4.3.1).
enum SRTPKeyLabel: UInt8 {
  case rtpEncryption = 0
  case rtpSalt = 2
  case rtcpEncryption = 3
  case rtcpSalt = 5
}

extension SRTPKeyLabel {
  /// Derives a session key of `count` bytes from the master key and salt (RFC 3711 section 4.3.3, with a key
  /// derivation rate of zero): the key stream of AES in counter mode under the master key, begun at salt XOR label.
  ///
  /// - Parameter salt: 12 or 14 bytes; a shorter one is filled up with zeros at its end (RFC 7714 section 11).
  /// - Throws: `srtp` for lengths that are none of AES's, `dtls` when OpenSSL refuses.
  func deriveKey(from key: [UInt8], salt: [UInt8], count: Int) throws(WebRTCError) -> [UInt8] {
    let cipher: OpaquePointer?
    switch key.count {
    case 16: cipher = EVP_aes_128_ctr()
    case 32: cipher = EVP_aes_256_ctr()
    default: throw .srtpKeyLength(key.count)
    }
    guard salt.count <= 14 else { throw .srtpKeyLength(salt.count) }
    var counter = salt + [UInt8](repeating: 0, count: 16 - salt.count)
    // The label stands above the 48 bits of the packet index, which a rate of zero leaves out.
    counter[7] ^= self.rawValue
    let zeros = [UInt8](repeating: 0, count: count)
    var derived = zeros
    var written: Int32 = 0
    guard let context = EVP_CIPHER_CTX_new() else { throw .dtls(OpenSSLError.fault("EVP_CIPHER_CTX_new")) }
    defer { EVP_CIPHER_CTX_free(context) }
    guard EVP_EncryptInit_ex(context, cipher, nil, key, counter) == 1,
      EVP_EncryptUpdate(context, &derived, &written, zeros, Int32(truncatingIfNeeded: count)) == 1,
      written == count
    else { throw .dtls(OpenSSLError.fault("EVP_EncryptUpdate")) }
    return derived
  }
}
