import COpenSSL

/// The key agreement of RTMPE: Diffie-Hellman in the 1024-bit group of RFC 2409, section 6.2, with generator 2, by
/// OpenSSL's arithmetic.
///
/// Nobody is authenticated, so whoever stands in between can agree with both sides.
struct DiffieHellman {
  /// A public key in bytes, with leading zeros.
  static let keyLength = 128

  private let privateKey: [UInt8]
  /// What the other side is told; ``keyLength`` bytes.
  let publicKey: [UInt8]

  /// A fresh key from OpenSSL's generator; nil when OpenSSL has none to give.
  init?() {
    guard let prime = BN_get_rfc2409_prime_1024(nil), let secret = BN_secure_new() else { return nil }
    defer {
      BN_free(prime)
      BN_clear_free(secret)
    }
    guard BN_priv_rand_range(secret, prime) == 1, let bytes = Self.bytes(of: secret) else { return nil }
    self.init(privateKey: bytes)
  }

  /// The key with this exponent, big-endian; nil when its public key is none (RFC 2631, section 2.1.5).
  init?(privateKey: [UInt8]) {
    guard let publicKey = Self.power(of: [2], privateKey), Self.isPublicKey(publicKey) else { return nil }
    self.privateKey = privateKey
    self.publicKey = publicKey
  }

  /// The secret that both sides come to; nil when the other side's key is none. ``keyLength`` bytes.
  func agree(with other: [UInt8]) -> [UInt8]? {
    guard Self.isPublicKey(other) else { return nil }
    return Self.power(of: other, privateKey)
  }

  /// Above one and below the prime less one: others lead to a secret that anybody knows.
  private static func isPublicKey(_ bytes: [UInt8]) -> Bool {
    guard let prime = BN_get_rfc2409_prime_1024(nil), let key = number(bytes) else { return false }
    defer {
      BN_free(prime)
      BN_free(key)
    }
    return BN_sub_word(prime, 1) == 1 && BN_cmp(key, BN_value_one()) > 0 && BN_cmp(key, prime) < 0
  }

  private static func power(of base: [UInt8], _ exponent: [UInt8]) -> [UInt8]? {
    guard let context = BN_CTX_new(), let prime = BN_get_rfc2409_prime_1024(nil), let base = number(base),
      let exponent = number(exponent), let result = BN_new()
    else { return nil }
    defer {
      BN_clear_free(result)
      BN_clear_free(exponent)
      BN_free(base)
      BN_free(prime)
      BN_CTX_free(context)
    }
    BN_set_flags(exponent, BN_FLG_CONSTTIME)
    guard BN_mod_exp(result, base, exponent, prime, context) == 1 else { return nil }
    return bytes(of: result)
  }

  private static func number(_ bytes: [UInt8]) -> OpaquePointer? { BN_bin2bn(bytes, CInt(bytes.count), nil) }

  private static func bytes(of number: OpaquePointer) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: keyLength)
    return BN_bn2binpad(number, &bytes, CInt(keyLength)) == keyLength ? bytes : nil
  }
}
