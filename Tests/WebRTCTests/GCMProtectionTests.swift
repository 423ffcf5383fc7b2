import CLibSRTP
import NIOCore
import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct GCMProtectionTests {
  private static func bytes(_ hex: String) -> [UInt8] { Array(STUNVectors.hex(hex).readableBytesView) }

  private static func header(_ number: UInt16, ssrc: UInt32 = 0x5501_A0B2, first: UInt8 = 0x80) -> [UInt8] {
    [first, 0x66] + withUnsafeBytes(of: number.bigEndian) { Array($0) } + [0, 0, 0, 9]
      + withUnsafeBytes(of: ssrc.bigEndian) { Array($0) }
  }

  private func seal(_ protection: GCMProtection, _ header: [UInt8], _ payload: [UInt8]) -> [UInt8]? {
    var packet = header + [UInt8](repeating: 0xEE, count: payload.count + GCMCipher.tagLength)
    let length = packet.withUnsafeMutableBytes { packet in
      payload.withUnsafeBytes { payload in
        packet.baseAddress.flatMap { protection.seal($0, headerSize: header.count, payload: payload) }
      }
    }
    return length.map { Array(packet.prefix($0)) }
  }

  /// RFC 7714 sections 16.1.1 and 16.2.1, which begin at session keys.
  @Test(arguments: [
    (
      16,
      """
      8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
      899d7f27beb16a9152cf765ee4390cce
      """
    ),
    (
      32,
      """
      8040f17b8041f8d35501a0b2 32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b
      7aa3db36dfffd6b0f9bb7878d7a76c13
      """
    ),
  ])
  func thePacketsOfTheStandardComeOut(keyLength: UInt8, expected: String) throws {
    let cipher = try GCMCipher(sessionKey: Array(0..<keyLength), sessionSalt: Self.bytes("517569642070726f2071756f"))
    let header = Self.bytes("8040f17b8041f8d35501a0b2")
    let text = Self.bytes("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573")
    #expect(Self.sealed(cipher, header, text, ssrc: 0x5501_A0B2, index: 0xF17B) == Self.bytes(expected))
  }

  /// RFC 7714 sections 17.1 and 17.2.
  @Test(arguments: [
    (
      16,
      """
      81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46
      86303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade
      """
    ),
    (
      32,
      """
      81c8000d4d617273 d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658
      c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be
      """
    ),
  ])
  func theReportsOfTheStandardComeOut(keyLength: UInt8, expected: String) throws {
    let cipher = try GCMCipher(sessionKey: Array(0..<keyLength), sessionSalt: Self.bytes("517569642070726f2071756f"))
    let text = Self.bytes(
      "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")
    #expect(
      Self.sealed(
        cipher, Self.bytes("81c8000d4d617273"), text, trailer: 0x8000_05D4, ssrc: 0x4D61_7273, index: 0x5D4)
        == Self.bytes(expected))
  }

  private static func sealed(
    _ cipher: GCMCipher, _ header: [UInt8], _ text: [UInt8], trailer: UInt32? = nil, ssrc: UInt32, index: UInt64
  ) -> [UInt8]? {
    var packet = header + [UInt8](repeating: 0, count: text.count + GCMCipher.tagLength)
    let isSealed = packet.withUnsafeMutableBytes { packet in
      text.withUnsafeBytes { text in
        packet.baseAddress.map {
          cipher.seal($0, headerSize: header.count, text: text, trailer: trailer, ssrc: ssrc, index: index)
        }
      }
    }
    return isSealed == true ? packet : nil
  }

  /// RFC 3711 appendix B.3.
  @Test func sessionKeysAreThoseOfTheStandard() throws {
    let key = Self.bytes("E1F97A0D3E018BE0D64FA32C06DE4139")
    let salt = Self.bytes("0EC675AD498AFEEBB6960B3AABE6")
    #expect(
      try SRTPKeyLabel.rtpEncryption.deriveKey(from: key, salt: salt, count: 16)
        == Self.bytes("C61E7A93744F39EE10734AFE3FF7A087"))
    #expect(
      try SRTPKeyLabel.rtpSalt.deriveKey(from: key, salt: salt, count: 14)
        == Self.bytes("30CBBC08863D8C85D49DB34A9AE1"))
  }

  @Test func keysAndSaltsOfOtherLengthsAreRefused() {
    for (key, salt) in [(15, 12), (17, 12), (24, 12), (16, 11), (16, 13), (32, 14), (0, 12)] {
      #expect(throws: WebRTCError.self) {
        try GCMCipher(
          sessionKey: [UInt8](repeating: 1, count: key), sessionSalt: [UInt8](repeating: 1, count: salt))
      }
    }
    #expect(throws: WebRTCError.srtpKeyLength(24)) {
      try SRTPKeyLabel.rtpSalt.deriveKey(from: [UInt8](repeating: 1, count: 24), salt: [], count: 12)
    }
    #expect(throws: WebRTCError.srtpKeyLength(15)) {
      try SRTPKeyLabel.rtpSalt.deriveKey(
        from: [UInt8](repeating: 1, count: 16), salt: [UInt8](repeating: 1, count: 15), count: 12)
    }
  }

  /// Both ways: what we protect, libsrtp opens, and what libsrtp protects is the same to the byte; through header
  /// extensions, contributing sources, empty payloads, two sources in turn, and three times round the numbers.
  @Test(arguments: [SRTPProfile.aeadAES128GCM, .aeadAES256GCM])
  func libsrtpMakesAndOpensTheSamePackets(profile: SRTPProfile) throws {
    var random = SeededRandom(77)
    let key = (0..<profile.keyLength + profile.saltLength).map { _ in UInt8.random(in: 0...255, using: &random) }
    let ours = try SRTPContext(profile: profile, key: key, direction: .outbound)
    let theirs = try LibraryProtection(profile: profile, key: key)
    let receiver = try SRTPContext(profile: profile, key: key, direction: .inbound)
    var numbers: [UInt32: UInt16] = [1: 65_530, 0xFFFF_FFFE: 3]
    for _ in 0..<9000 {
      let ssrc: UInt32 = Bool.random(using: &random) ? 1 : 0xFFFF_FFFE
      let number = numbers[ssrc, default: 0]
      numbers[ssrc] = number &+ UInt16.random(in: 1...60, using: &random)
      let plain = Self.packet(number, ssrc, using: &random)
      let sealed = try Self.protect(ours, plain)
      #expect(sealed == theirs.protect(plain))
      var packet = ByteBuffer(bytes: sealed)
      #expect(receiver.unprotect(&packet, isRTCP: false) == nil)
      #expect(Array(packet.readableBytesView) == plain)
    }
  }

  /// libsrtp opens our reports and refuses one that came before.
  @Test(arguments: [SRTPProfile.aeadAES128GCM, .aeadAES256GCM])
  func libsrtpOpensReports(profile: SRTPProfile) throws {
    let key = (0..<profile.keyLength + profile.saltLength).map { UInt8($0) }
    let ours = try SRTPContext(profile: profile, key: key, direction: .outbound)
    let receiver = try SRTPContext(profile: profile, key: key, direction: .inbound)
    for size in [8, 12, 28, 100] {
      let plain = [0x80, 200, 0, UInt8(size / 4 - 1), 1, 2, 3, 4] + [UInt8](repeating: 7, count: size - 8)
      var memory = plain + [UInt8](repeating: 0, count: SRTPContext.maximumTrailer)
      let length = memory.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.flatMap { ours.protectRTCP($0, count: size) }
      }
      #expect(length == size + 20)
      let sealed = ByteBuffer(bytes: memory.prefix(size + 20))
      var copy = sealed
      #expect(receiver.unprotect(&copy, isRTCP: true) == nil)
      #expect(Array(copy.readableBytesView) == plain)
      copy = sealed
      #expect(receiver.unprotect(&copy, isRTCP: true) == .replay)
    }
    var short = [UInt8](repeating: 0x80, count: 40)
    #expect(
      short.withUnsafeMutableBytes { bytes in bytes.baseAddress.flatMap { ours.protectRTCP($0, count: 7) } } == nil)
  }

  private static func packet(_ number: UInt16, _ ssrc: UInt32, using random: inout SeededRandom) -> [UInt8] {
    let sources = Int.random(in: 0...2, using: &random)
    let words = Int.random(in: 0...3, using: &random)
    var packet = Self.header(number, ssrc: ssrc, first: UInt8(0x80 | (words > 0 ? 0x10 : 0) | sources))
    packet += [UInt8](repeating: 5, count: 4 * sources)
    if words > 0 { packet += [0xBE, 0xDE, 0, UInt8(words)] + [UInt8](repeating: 0, count: 4 * words) }
    return packet + (0..<Int.random(in: 0...70, using: &random)).map { UInt8($0) }
  }

  private static func protect(_ context: SRTPContext, _ plain: [UInt8]) throws -> [UInt8] {
    var memory = plain + [UInt8](repeating: 0, count: SRTPContext.maximumTrailer)
    let length = memory.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.flatMap { context.protect($0, count: plain.count) }
    }
    return Array(memory.prefix(try #require(length)))
  }

  @Test func aPayloadElsewhereComesOutAsOneInPlace() throws {
    let key = [UInt8](0..<28)
    let (one, other) = (
      try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .outbound),
      try GCMProtection(masterKey: Array(key.prefix(16)), masterSalt: Array(key.suffix(12)))
    )
    for size in [0, 1, 15, 16, 17, 1160] {
      let header = Self.header(UInt16(size))
      let payload = [UInt8](repeating: 0x5A, count: size)
      #expect(try Self.protect(one, header + payload) == self.seal(other, header, payload))
    }
  }

  @Test func aHeaderThatDoesNotFitItsPacketIsRefused() throws {
    let context = try SRTPContext(
      profile: .aeadAES128GCM, key: [UInt8](repeating: 9, count: 28), direction: .outbound)
    let lies: [[UInt8]] = [
      Array(Self.header(1).dropLast()), Self.header(1, first: 0x81), Self.header(1, first: 0x90) + [0xBE, 0xDE, 0],
      Self.header(1, first: 0x90) + [0xBE, 0xDE, 0, 1, 0, 0, 0],
    ]
    for packet in lies {
      var memory = packet + [UInt8](repeating: 0, count: 200)
      let length = memory.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.flatMap { context.protect($0, count: packet.count) }
      }
      #expect(length == nil)
    }
  }
}

/// libsrtp's way of protecting, beside ours.
private final class LibraryProtection {
  private let session: OpaquePointer

  init(profile: SRTPProfile, key: [UInt8]) throws {
    _ = SRTPContext.isLibraryReady
    var key = key
    var session: OpaquePointer?
    key.withUnsafeMutableBufferPointer { key in
      var policy = srtp_policy_t()
      if profile == .aeadAES128GCM {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
      } else {
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
      }
      policy.ssrc.type = ssrc_any_outbound
      policy.key = key.baseAddress
      policy.window_size = 1024
      policy.allow_repeat_tx = 1
      _ = srtp_create(&session, &policy)
    }
    self.session = try #require(session)
  }

  deinit { srtp_dealloc(self.session) }

  func protect(_ plain: [UInt8]) -> [UInt8]? {
    var memory = plain + [UInt8](repeating: 0, count: SRTPContext.maximumTrailer)
    var length = Int32(plain.count)
    let status = memory.withUnsafeMutableBytes { srtp_protect(self.session, $0.baseAddress, &length) }
    return status == srtp_err_status_ok ? Array(memory.prefix(Int(length))) : nil
  }
}
