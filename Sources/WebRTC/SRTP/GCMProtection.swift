import COpenSSL

/// Protects the RTP packets of one direction by AES-GCM (RFC 7714), on OpenSSL's cipher.
///
/// What stands here is the framing: which bytes are authenticated, which are encrypted, and the nonce. One cipher
/// context is keyed once and lives as long as the connection; a packet changes nothing in it but the nonce, so no
/// packet takes heap memory. A class because it frees what it owns; it never leaves its connection.
final class GCMProtection {
  /// Bytes of the authentication tag behind each packet.
  static let tagLength = 16

  private let cipher: OpaquePointer
  /// The session salt as the nonce's first eight and last four bytes.
  private let salt: (UInt64, UInt32)
  private var indices = PacketIndices()

  /// - Parameters:
  ///   - key: the master key, 16 or 32 bytes.
  ///   - salt: the master salt, 12 bytes.
  convenience init(masterKey key: [UInt8], masterSalt salt: [UInt8]) throws(WebRTCError) {
    try self.init(
      sessionKey: try SRTPKeyLabel.rtpEncryption.deriveKey(from: key, salt: salt, count: key.count),
      sessionSalt: try SRTPKeyLabel.rtpSalt.deriveKey(from: key, salt: salt, count: salt.count))
  }

  init(sessionKey key: [UInt8], sessionSalt salt: [UInt8]) throws(WebRTCError) {
    guard key.count == 16 || key.count == 32 else { throw .srtpKeyLength(key.count) }
    guard salt.count == Self.nonceLength else { throw .srtpKeyLength(salt.count) }
    guard let cipher = EVP_CIPHER_CTX_new() else { throw .dtls(OpenSSLError.fault("EVP_CIPHER_CTX_new")) }
    guard
      EVP_EncryptInit_ex(cipher, key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), nil, key, nil) == 1
    else {
      EVP_CIPHER_CTX_free(cipher)
      throw .dtls(OpenSSLError.fault("EVP_EncryptInit_ex"))
    }
    self.cipher = cipher
    self.salt = salt.withUnsafeBytes { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      )
    }
  }

  deinit { EVP_CIPHER_CTX_free(self.cipher) }

  /// Writes the protected packet whose header is already at its place: the payload goes from where it lies straight
  /// into the packet, encrypted, and the tag behind it.
  ///
  /// - Parameters:
  ///   - packet: begins with the header; has room for the payload and `tagLength` more bytes.
  ///   - headerSize: bytes of the header, extensions included, at least 12.
  ///   - payload: what is encrypted; it may be the very bytes behind the header, but must not overlap otherwise.
  /// - Returns: the length of the protected packet, or nil if its number cannot be sent any more.
  @inline(__always)
  func seal(_ packet: UnsafeMutableRawPointer, headerSize: Int, payload: UnsafeRawBufferPointer) -> Int? {
    let sequenceNumber = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    let ssrc = UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard let index = self.indices.index(ssrc: ssrc, sequenceNumber: sequenceNumber) else { return nil }
    // RFC 7714 section 8.1: two zero bytes, SSRC, roll-over counter and sequence number, XOR the salt.
    var nonce = (
      (self.salt.0 ^ (UInt64(ssrc) << 16 | index >> 32)).bigEndian,
      (self.salt.1 ^ UInt32(truncatingIfNeeded: index)).bigEndian
    )
    let cipher = self.cipher
    let header = packet.assumingMemoryBound(to: UInt8.self)
    let text = header + headerSize
    let tag = text + payload.count
    var written: Int32 = 0
    let isSealed = withUnsafeBytes(of: &nonce) { nonce in
      EVP_EncryptInit_ex(cipher, nil, nil, nil, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
        && EVP_EncryptUpdate(cipher, nil, &written, header, Int32(truncatingIfNeeded: headerSize)) == 1
        && (payload.isEmpty
          || EVP_EncryptUpdate(
            cipher, text, &written, payload.baseAddress?.assumingMemoryBound(to: UInt8.self),
            Int32(truncatingIfNeeded: payload.count)) == 1)
        && EVP_EncryptFinal_ex(cipher, tag, &written) == 1
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag) == 1
    }
    return isSealed ? headerSize + payload.count + Self.tagLength : nil
  }

  /// Forgets a source that has left; false if it was not known.
  func removeStream(ssrc: UInt32) -> Bool { self.indices.remove(ssrc: ssrc) }

  private static let nonceLength = 12
}
