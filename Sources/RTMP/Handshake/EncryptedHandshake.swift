/// What RTMPE adds to the handshake with digests: public keys in C1 and S1 at a place that four of their own bytes name,
/// and, by version 8, signatures that are scrambled. Adobe never published it; it is known from librtmp and from a
/// specification that was written from it.
enum EncryptedHandshake {
  /// The versions of C0 that are served; each is answered by itself.
  enum Version: UInt8, Sendable {
    /// Signatures as they are.
    case plainSignature = 6
    /// Signatures scrambled, from Flash Player 10 on.
    case scrambledSignature = 8
  }

  /// Writes `key` to its place in `hello`; the digest must be made after that.
  static func place(_ key: [UInt8], in hello: inout [UInt8], scheme: DigestHandshake.Scheme) {
    let position = scheme.publicKeyPosition(in: hello)
    hello.replaceSubrange(position..<position + DiffieHellman.keyLength, with: key)
  }

  /// The public key in `hello`.
  static func key(in hello: [UInt8], scheme: DigestHandshake.Scheme) -> [UInt8] {
    let position = scheme.publicKeyPosition(in: hello)
    return Array(hello[position..<position + DiffieHellman.keyLength])
  }

  /// A key of ours that agrees with `other` on a secret without a leading zero byte, and that secret; nil when `other`
  /// is no key.
  ///
  /// Clients differ in whether they drop leading zeros of the secret. With one key in 256 that would matter, so another
  /// is taken.
  static func agree(with other: [UInt8]) -> (own: DiffieHellman, secret: [UInt8])? {
    for _ in 0..<64 {
      guard let own = DiffieHellman(), let secret = own.agree(with: other) else { return nil }
      if secret.first != 0 { return (own, secret) }
    }
    // Keys of a small order only: no honest client has one.
    return nil
  }

  /// Scrambles the signature at the end of S2 or C2, in place. `key` is what the signature was made with.
  ///
  /// The block cipher is XTEA with sixteen keys that every player carries. It is part of the format, not of any
  /// protection: nothing here is secret.
  static func scramble(signatureOf answer: inout [UInt8], key: [UInt8]) {
    let start = answer.count - DigestHandshake.digestLength
    guard start >= 0, key.count == DigestHandshake.digestLength else { return }
    for block in stride(from: 0, to: DigestHandshake.digestLength, by: 8) {
      let place = start + block
      scramble(&answer, at: place, with: keys[Int(key[block]) % 15])
    }
  }

  static func scramble(_ bytes: inout [UInt8], at place: Int, with key: [UInt32]) {
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
    }
    var (left, right) = (word(place), word(place + 4))
    var sum: UInt32 = 0
    for _ in 0..<32 {
      left &+= ((right << 4 ^ right >> 5) &+ right) ^ (sum &+ key[Int(sum & 3)])
      sum &+= 0x9E37_79B9
      right &+= ((left << 4 ^ left >> 5) &+ left) ^ (sum &+ key[Int(sum >> 11 & 3)])
    }
    for index in 0..<4 {
      bytes[place + index] = UInt8(truncatingIfNeeded: left >> (8 * UInt32(index)))
      bytes[place + 4 + index] = UInt8(truncatingIfNeeded: right >> (8 * UInt32(index)))
    }
  }

  private static let keys: [[UInt32]] = [
    [0xBFF0_34B2, 0x11D9_081F, 0xCCDF_B795, 0x748D_E732], [0x086A_5EB6, 0x1743_090E, 0x6EF0_5AB8, 0xFE5A_39E2],
    [0x7B10_956F, 0x76CE_0521, 0x2388_A73A, 0x4401_49A1], [0xA943_F317, 0xEBF1_1BB2, 0xA691_A5EE, 0x17F3_6339],
    [0x7A30_E00A, 0xB529_E22C, 0xA087_AEA5, 0xC0CB_79AC], [0xBDCE_0C23, 0x2FEB_DEFF, 0x1CFA_AE16, 0x1123_239D],
    [0x55DD_3F7B, 0x77E7_E62E, 0x9BB8_C499, 0xC948_1EE4], [0x407B_B6B4, 0x71E8_9136, 0xA7AE_BF55, 0xCA33_B839],
    [0xFCF6_BDC3, 0xB63C_3697, 0x7CE4_F825, 0x04D9_59B2], [0x28E0_91FD, 0x4195_4C4C, 0x7FB7_DB00, 0xE3A0_66F8],
    [0x5784_5B76, 0x4F25_1B03, 0x46D4_5BCD, 0xA2C3_0D29], [0x0ACC_EEF8, 0xDA55_B546, 0x0347_3452, 0x5863_713B],
    [0xB820_75DC, 0xA75F_1FEE, 0xD842_68E8, 0xA72A_44CC], [0x07CF_6E9E, 0xA16D_7B25, 0x9FA7_AE6C, 0xD92F_5629],
    [0xFEB1_EAE4, 0x8C8C_3CE1, 0x4E00_64A7, 0x6A38_7C2A],
  ]
}

extension DigestHandshake.Scheme {
  /// Where the public key starts in `hello`: the half that the digest is not in.
  fileprivate func publicKeyPosition(in hello: [UInt8]) -> Int {
    let (offset, start) = self == .zero ? (1532, 772) : (768, 8)
    return hello[offset..<offset + 4].reduce(0) { $0 + Int($1) } % 632 + start
  }
}
