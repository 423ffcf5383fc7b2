import COpenSSL

/// AES-GCM of OpenSSL under one session key and salt, for the nonces of RFC 7714.
///
/// One cipher context is keyed once and lives as long as the connection; a packet changes nothing in it but the nonce,
/// so no packet takes heap memory. It either seals or opens, all its life. A class because it frees what it owns; it
/// never leaves its connection.
final class GCMCipher {
  /// Bytes of the authentication tag.
  static let tagLength = 16
  private static let nonceLength = 12

  private let context: OpaquePointer
  /// The session salt as the nonce's first eight and last four bytes.
  private let salt: (UInt64, UInt32)

  /// - Parameters:
  ///   - key: the session key, 16 or 32 bytes.
  ///   - salt: the session salt, 12 bytes.
  ///   - opens: whether it decrypts.
  init(sessionKey key: [UInt8], sessionSalt salt: [UInt8], opens: Bool = false) throws(WebRTCError) {
    guard key.count == 16 || key.count == 32 else { throw .srtpKeyLength(key.count) }
    guard salt.count == Self.nonceLength else { throw .srtpKeyLength(salt.count) }
    guard let context = EVP_CIPHER_CTX_new() else { throw .dtls(OpenSSLError.fault("EVP_CIPHER_CTX_new")) }
    let cipher = key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
    guard EVP_CipherInit_ex(context, cipher, nil, key, nil, opens ? 0 : 1) == 1 else {
      EVP_CIPHER_CTX_free(context)
      throw .dtls(OpenSSLError.fault("EVP_CipherInit_ex"))
    }
    self.context = context
    self.salt = salt.withUnsafeBytes { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      )
    }
  }

  deinit { EVP_CIPHER_CTX_free(self.context) }

  /// Encrypts `text` to where it belongs behind the header, and writes the tag behind that.
  ///
  /// - Parameters:
  ///   - packet: the header, authenticated as it stands; room for `text` and the tag behind it.
  ///   - text: may be the very bytes behind the header, but must not overlap with them otherwise.
  ///   - trailer: four more bytes to authenticate, which stand elsewhere.
  ///   - index: the packet's index: 48 bits of RTP, 31 of RTCP (RFC 7714 sections 8.1 and 9.1).
  @inline(__always)
  func seal(
    _ packet: UnsafeMutableRawPointer, headerSize: Int, text: UnsafeRawBufferPointer, trailer: UInt32? = nil,
    ssrc: UInt32, index: UInt64
  ) -> Bool {
    var nonce = self.nonce(ssrc: ssrc, index: index)
    let context = self.context
    let header = packet.assumingMemoryBound(to: UInt8.self)
    let sealed = header + headerSize
    let tag = sealed + text.count
    var written: Int32 = 0
    let isBegun = withUnsafeBytes(of: &nonce) { nonce in
      EVP_EncryptInit_ex(context, nil, nil, nil, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
        && EVP_EncryptUpdate(context, nil, &written, header, Int32(truncatingIfNeeded: headerSize)) == 1
    }
    guard isBegun else { return false }
    if var word = trailer?.bigEndian {
      let isTaken = withUnsafeBytes(of: &word) { word in
        EVP_EncryptUpdate(context, nil, &written, word.baseAddress?.assumingMemoryBound(to: UInt8.self), 4) == 1
      }
      guard isTaken else { return false }
    }
    return
      (text.isEmpty
      || EVP_EncryptUpdate(
        context, sealed, &written, text.baseAddress?.assumingMemoryBound(to: UInt8.self),
        Int32(truncatingIfNeeded: text.count)) == 1)
      && EVP_EncryptFinal_ex(context, tag, &written) == 1
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag) == 1
  }

  /// Checks a packet and decrypts what is behind its header, in place. What stands there after a refusal is neither
  /// text nor what came.
  ///
  /// - Parameters:
  ///   - packet: the header, the sealed text, the tag.
  ///   - textSize: bytes of the text, without the tag.
  ///   - trailer: four more bytes that are authenticated, which stand elsewhere.
  func open(
    _ packet: UnsafeMutableRawPointer, headerSize: Int, textSize: Int, trailer: UInt32? = nil, ssrc: UInt32,
    index: UInt64
  ) -> Bool {
    var nonce = self.nonce(ssrc: ssrc, index: index)
    let context = self.context
    let header = packet.assumingMemoryBound(to: UInt8.self)
    let text = header + headerSize
    var written: Int32 = 0
    let isBegun = withUnsafeBytes(of: &nonce) { nonce in
      EVP_DecryptInit_ex(context, nil, nil, nil, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), text + textSize) == 1
        && EVP_DecryptUpdate(context, nil, &written, header, Int32(truncatingIfNeeded: headerSize)) == 1
    }
    guard isBegun else { return false }
    if var word = trailer?.bigEndian {
      let isTaken = withUnsafeBytes(of: &word) { word in
        EVP_DecryptUpdate(context, nil, &written, word.baseAddress?.assumingMemoryBound(to: UInt8.self), 4) == 1
      }
      guard isTaken else { return false }
    }
    return
      (textSize == 0 || EVP_DecryptUpdate(context, text, &written, text, Int32(truncatingIfNeeded: textSize)) == 1)
      && EVP_DecryptFinal_ex(context, text + textSize, &written) == 1
  }

  /// Two zero bytes, SSRC, roll-over counter or zeros, number; XOR the salt (RFC 7714 sections 8.1 and 9.1).
  @inline(__always)
  private func nonce(ssrc: UInt32, index: UInt64) -> (UInt64, UInt32) {
    (
      (self.salt.0 ^ (UInt64(ssrc) << 16 | index >> 32)).bigEndian,
      (self.salt.1 ^ UInt32(truncatingIfNeeded: index)).bigEndian
    )
  }
}
