import COpenSSL
import NIOCore

/// RC4 both ways, as RTMPE uses it after the handshake. For compatibility only: the keys come from an agreement with
/// anybody, and RC4 is broken. It hides nothing from who wants to look.
///
/// OpenSSL 3 has RC4 in its legacy provider, which is loaded into a library context of its own: the one of DTLS and of
/// everything else stays without old ciphers.
///
/// A class, for a key stream must not be copied with the session's value. `@unchecked Sendable`: it moves with its
/// session, which is confined to one owner.
final class RTMPECipher: @unchecked Sendable {
  /// `EVP_CIPHER_CTX`
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// Bytes of the handshake that are still to go out in the clear.
  private var clearBytes: Int

  /// - Parameters:
  ///   - secret: what both sides agreed on.
  ///   - own, other: the two public keys.
  ///   - clearBytes: how much of what is yet to be sent belongs to the handshake.
  init?(secret: [UInt8], own: [UInt8], other: [UInt8], clearBytes: Int) {
    // Each side's outgoing key is made from the other's public key.
    guard let outgoing = Self.stream(key: DigestHandshake.hmac(other, key: secret)) else { return nil }
    guard let incoming = Self.stream(key: DigestHandshake.hmac(own, key: secret)) else {
      EVP_CIPHER_CTX_free(outgoing)
      return nil
    }
    self.outgoing = outgoing
    self.incoming = incoming
    self.clearBytes = clearBytes
    // Both streams start behind as many bytes as one part of the handshake has.
    var skipped = ByteBuffer(repeating: 0, count: HandshakeLayout.length)
    Self.apply(outgoing, to: &skipped, from: skipped.readerIndex)
    Self.apply(incoming, to: &skipped, from: skipped.readerIndex)
  }

  deinit {
    EVP_CIPHER_CTX_free(incoming)
    EVP_CIPHER_CTX_free(outgoing)
  }

  /// Turns what came after the handshake into what was meant, in place.
  func decrypt(_ bytes: inout ByteBuffer) {
    Self.apply(incoming, to: &bytes, from: bytes.readerIndex)
  }

  /// Turns what is to be sent into what goes over the wire, in place; what is left of the handshake stays as it is.
  func encrypt(_ bytes: inout ByteBuffer) {
    let clear = min(clearBytes, bytes.readableBytes)
    clearBytes -= clear
    Self.apply(outgoing, to: &bytes, from: bytes.readerIndex + clear)
  }

  private static func apply(_ stream: OpaquePointer, to bytes: inout ByteBuffer, from index: Int) {
    let skipped = index - bytes.readerIndex
    bytes.withUnsafeMutableReadableBytes { space in
      let rest = UnsafeMutableRawBufferPointer(rebasing: space[skipped...])
      guard let start = rest.bindMemory(to: UInt8.self).baseAddress, let count = CInt(exactly: rest.count) else {
        return
      }
      var written: CInt = 0
      // A stream cipher takes any length and cannot fail once it has its key.
      EVP_EncryptUpdate(stream, start, &written, start, count)
    }
  }

  private static func stream(key: [UInt8]) -> OpaquePointer? {
    guard let cipher = legacy.rc4, let context = EVP_CIPHER_CTX_new() else { return nil }
    guard EVP_EncryptInit_ex2(context, cipher, Array(key.prefix(16)), nil, nil) == 1 else {
      EVP_CIPHER_CTX_free(context)
      return nil
    }
    return context
  }

  /// Whether this machine's OpenSSL has RC4.
  static var isAvailable: Bool { legacy.rc4 != nil }

  private static let legacy = LegacyProvider()

  /// `@unchecked Sendable`: made once, and OpenSSL counts references to it atomically.
  private struct LegacyProvider: @unchecked Sendable {
    /// `EVP_CIPHER`
    let rc4: OpaquePointer?

    init() {
      guard let library = OSSL_LIB_CTX_new(), OSSL_PROVIDER_load(library, "legacy") != nil else {
        rc4 = nil
        return
      }
      rc4 = EVP_CIPHER_fetch(library, "RC4", nil)
    }
  }
}
