import COpenSSL

/// The handshake of Flash Player 9.0.115 and later: C1 and S1 carry an HMAC-SHA256 of themselves at a place that four
/// of their own bytes name; C2 and S2 are signed with a key made from the other side's digest. Players ask for it before
/// they accept H.264. Adobe never published it; it is known from librtmp and the servers that serve it.
enum DigestHandshake {
  /// The two layouts: which four bytes name the digest's place, and where the counting starts.
  enum Scheme: Sendable, Hashable, CaseIterable {
    /// The offset's bytes stand at 8; the digest lies in 12..<772.
    case zero
    /// The offset's bytes stand at 772; the digest lies in 776..<1536.
    case one

    fileprivate var offsetPosition: Int { self == .zero ? 8 : 772 }

    /// Where the digest starts in `hello`.
    func digestPosition(in hello: [UInt8]) -> Int {
      let sum = hello[offsetPosition..<offsetPosition + 4].reduce(0) { $0 + Int($1) }
      return sum % 728 + offsetPosition + 4
    }
  }

  /// Who signs: each role has a phrase for its hello, and the phrase with 32 more bytes for its answer.
  enum Key {
    case player, server

    fileprivate var phrase: [UInt8] {
      switch self {
      case .player: Array("Genuine Adobe Flash Player 001".utf8)
      case .server: Array("Genuine Adobe Flash Media Server 001".utf8)
      }
    }

    fileprivate var whole: [UInt8] { phrase + DigestHandshake.keyTail }
  }

  static let digestLength = 32

  /// C1 or S1: time zero, the version, random bytes, RTMPE's public key if there is one, and the digest of it all in
  /// its place.
  static func hello(
    version: [UInt8], random: [UInt8], scheme: Scheme, key: Key, publicKey: [UInt8]? = nil
  ) -> [UInt8] {
    var hello: [UInt8] = [0, 0, 0, 0] + version + random.prefix(HandshakeLayout.length - 8)
    if let publicKey { EncryptedHandshake.place(publicKey, in: &hello, scheme: scheme) }
    let position = scheme.digestPosition(in: hello)
    hello.replaceSubrange(position..<position + digestLength, with: digest(of: hello, at: position, key: key))
    return hello
  }

  /// The digest in `hello` and the scheme it lies by, when there is a valid one.
  static func find(in hello: [UInt8], key: Key) -> (Scheme, [UInt8])? {
    guard hello.count == HandshakeLayout.length else { return nil }
    for scheme in Scheme.allCases {
      let position = scheme.digestPosition(in: hello)
      let found = Array(hello[position..<position + digestLength])
      if found == digest(of: hello, at: position, key: key) { return (scheme, found) }
    }
    return nil
  }

  /// S2 or C2: 1504 random bytes and their signature with a key made from the other side's digest.
  static func answer(to digest: [UInt8], random: [UInt8], key: Key) -> [UInt8] {
    let body = Array(random.prefix(HandshakeLayout.length - digestLength))
    return body + hmac(body, key: answerKey(for: digest, key: key))
  }

  /// What signs the answer to `digest`.
  static func answerKey(for digest: [UInt8], key: Key) -> [UInt8] { hmac(digest, key: key.whole) }

  /// Whether `answer` (S2 or C2) is signed for `digest`.
  static func isValid(answer: [UInt8], to digest: [UInt8], key: Key) -> Bool {
    guard answer.count == HandshakeLayout.length else { return false }
    let body = Array(answer.dropLast(digestLength))
    return Array(answer.suffix(digestLength)) == hmac(body, key: answerKey(for: digest, key: key))
  }

  /// HMAC-SHA256 (RFC 2104, FIPS 180-4).
  static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: digestLength)
    var length: UInt32 = 0
    // Fails only without memory; an all-zero code then fits no peer's.
    _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
    return code
  }

  /// The digest covers the hello without the digest's own place.
  private static func digest(of hello: [UInt8], at position: Int, key: Key) -> [UInt8] {
    hmac(Array(hello[..<position] + hello[(position + digestLength)...]), key: key.phrase)
  }

  private static let keyTail: [UInt8] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
    0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
  ]
}
