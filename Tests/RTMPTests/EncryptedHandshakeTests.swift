import NIOCore
import Seeded
import Testing

@testable import RTMP

/// Expected values by an implementation of its own: Python's `pow`, `hmac` and ten lines of RC4 that give the key
/// stream of RFC 6229.
@Suite("RTMPE")
struct EncryptedHandshakeTests {
  private let ascending = Array(UInt8(1)...128)
  private let descending = Array((UInt8(1)...128).reversed())

  private func bytes(_ hex: String) -> [UInt8] { Array(ByteBuffer(hex: hex).readableBytesView) }

  private var publicKeys: (one: [UInt8], other: [UInt8], secret: [UInt8]) {
    (
      bytes(
        """
        52893c96a07492593d36d00328ba21101c0ab104717cf1928b3890e1ecbd76e827e7ba7d589a03ef64f8f5648cea2b07
        7409319013d832c41a04a3793eb4b73ca2a36306241de180ec36f5cfbef207ba2e04a39f1384dce12b8ebe27b54dbf04
        9be0abc80ebd4849976974b2be955c2c87ba11712576887f5b96427a1d8fb2fd
        """),
      bytes(
        """
        8233e7f47db2d5a995c478b5602e68afc0973d7e5c2b6d51dc5dd8c054e2d66d6ae1165f0b28ea00d22712dbeaf69636
        ec4457522e87203bd82d7a13de3c18bb8d331e66ced1e98b8cd70af623af250eefbd620aa647c3a66e5881965c076579
        00caa6b62edacb5f0de50f8e5b707fabbec581231d6da2619972592c5ee9d47c
        """),
      bytes(
        """
        9fb8869e9d3e84a24d6d2ce7b252ad715eef524701fa92e587e50f6e9af66d874ad6b39bdfc9b3340f6f8d6e1d274251
        d3aa5399ee5ee52051ce4536bb6842f475c539fc30065214e4518adc7c936cc4c1df258225049c9f770d04e9e6023894
        38b7f473a3f10ff12b595017839a8f958ad7e90fb2fd7169702c6ed2f69c6502
        """)
    )
  }

  @Test func bothSidesComeToTheSecretOfTheGroup() throws {
    let one = try #require(DiffieHellman(privateKey: ascending))
    let other = try #require(DiffieHellman(privateKey: descending))
    #expect(one.publicKey == publicKeys.one)
    #expect(other.publicKey == publicKeys.other)
    #expect(one.agree(with: other.publicKey) == publicKeys.secret)
    #expect(other.agree(with: one.publicKey) == publicKeys.secret)
  }

  @Test func freshKeysDifferAndAgree() throws {
    let (one, other) = (try #require(DiffieHellman()), try #require(DiffieHellman()))
    #expect(one.publicKey != other.publicKey)
    #expect(one.agree(with: other.publicKey) == other.agree(with: one.publicKey))
  }

  @Test(arguments: ["00", "01", "prime-1", "prime", "ff"]) func degenerateKeysAreRefused(which: String) throws {
    let prime = bytes(
      """
      ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd
      ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed
      ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff
      """)
    let zeros = [UInt8](repeating: 0, count: 127)
    let key: [UInt8] =
      switch which {
      case "00": zeros + [0]
      case "01": zeros + [1]
      case "prime-1": prime.dropLast() + [0xFE]
      case "prime": prime
      default: [UInt8](repeating: 0xFF, count: 128)
      }
    let own = try #require(DiffieHellman(privateKey: ascending))
    #expect(own.agree(with: key) == nil)
    #expect(EncryptedHandshake.agree(with: key) == nil)
  }

  @Test func keyStreamsStartBehindAWholePartOfTheHandshake() throws {
    let cipher = try #require(
      RTMPECipher(secret: publicKeys.secret, own: publicKeys.one, other: publicKeys.other, clearBytes: 3))
    var out = ByteBuffer(bytes: [9, 9])
    cipher.encrypt(&out)
    #expect(Array(out.readableBytesView) == [9, 9])
    out = ByteBuffer(bytes: [9] + [UInt8](repeating: 0, count: 16))
    cipher.encrypt(&out)
    #expect(Array(out.readableBytesView) == [9] + bytes("daea9cfa9d9c12649c7d5218ae894193"))
    var into = ByteBuffer(bytes: [UInt8](repeating: 0, count: 16))
    cipher.decrypt(&into)
    #expect(Array(into.readableBytesView) == bytes("d8325251f200e82645f1fe6b9772d69c"))
  }

  /// The customary vector of XTEA with its bytes in this format's order.
  @Test func signatureIsScrambledBlockByBlock() {
    var block = bytes("4443424148474645")
    EncryptedHandshake.scramble(&block, at: 0, with: [0x0001_0203, 0x0405_0607, 0x0809_0A0B, 0x0C0D_0E0F])
    #expect(block == bytes("d0f37d49b52c6172"))
    var answer = [UInt8](repeating: 7, count: HandshakeLayout.length)
    EncryptedHandshake.scramble(signatureOf: &answer, key: [UInt8](repeating: 3, count: 32))
    #expect(answer.prefix(HandshakeLayout.length - 32).allSatisfy { $0 == 7 })
    let tail = Array(answer.suffix(32))
    #expect(Set(stride(from: 0, to: 32, by: 8).map { Array(tail[$0..<$0 + 8]) }).count == 1)
    #expect(tail.prefix(8) != [7, 7, 7, 7, 7, 7, 7, 7])
  }

  @Test(arguments: DigestHandshake.Scheme.allCases, [6, 8] as [UInt8])
  func clientOfEitherSchemeIsAnsweredInItsOwnVersion(scheme: DigestHandshake.Scheme, version: UInt8) throws {
    var random = SeededGenerator(seed: 9)
    let noise = HandshakeLayout.randomBytes(1536, from: &random)
    let own = try #require(DiffieHellman(privateKey: ascending))
    let c1 = DigestHandshake.hello(
      version: [128, 0, 3, 2], random: noise, scheme: scheme, key: .player, publicKey: own.publicKey)
    var handshake = ServerHandshake(allowsEncryption: true, random: &random)
    var output = ByteBuffer()
    var input = ByteBuffer(bytes: [version] + c1)
    try handshake.receive(&input, output: &output)
    #expect(handshake.cipher != nil)
    let answer = Array(output.readableBytesView)
    #expect(answer[0] == version)
    let s1 = Array(answer[1..<1537])
    #expect(DigestHandshake.find(in: s1, key: .server)?.0 == scheme)
    // Clients that drop a leading zero of the secret and those that keep it come to the same keys.
    #expect(own.agree(with: EncryptedHandshake.key(in: s1, scheme: scheme))?.first != 0)
    let digest = try #require(DigestHandshake.find(in: c1, key: .player)).1
    let isPlain = DigestHandshake.isValid(answer: Array(answer[1537...]), to: digest, key: .server)
    #expect(isPlain == (version == 6))
  }

  @Test func unsignedOrKeylessHandshakesAreRefused() throws {
    var random = SeededGenerator(seed: 9)
    let noise = HandshakeLayout.randomBytes(1536, from: &random)
    var handshake = ServerHandshake(allowsEncryption: true, random: &random)
    var output = ByteBuffer()
    var unsigned = ByteBuffer(bytes: [6] + noise)
    #expect(throws: RTMPError.unsignedEncryptedHandshake) { try handshake.receive(&unsigned, output: &output) }
    handshake = ServerHandshake(allowsEncryption: true, random: &random)
    let c1 = DigestHandshake.hello(
      version: [128, 0, 3, 2], random: noise, scheme: .one, key: .player,
      publicKey: [UInt8](repeating: 0, count: 128))
    var keyless = ByteBuffer(bytes: [6] + c1)
    #expect(throws: RTMPError.badPublicKey) { try handshake.receive(&keyless, output: &output) }
    handshake = ServerHandshake(allowsEncryption: true, random: &random)
    var blowfish = ByteBuffer(bytes: [9])
    #expect(throws: RTMPError.encryptedHandshake(version: 9)) { try handshake.receive(&blowfish, output: &output) }
    #expect(output.readableBytes == 0)
  }

  @Test(arguments: [ClientSession.HandshakeKind.encrypted, .encryptedScrambled], [1, 7, 1500, Int.max])
  func whatIsSaidAfterTheHandshakeIsEncryptedBothWays(handshake: ClientSession.HandshakeKind, split: Int) throws {
    var conversation = Conversation(handshake: handshake, split: split)
    try conversation.publish("alice")
    #expect(conversation.server.session.isEncrypted)
    #expect(conversation.server.publishRequests.map(\.name) == ["alice"])
    #expect(conversation.statuses.map(\.code).contains(.publishStart))
    // C0 C1 C2 in the clear, and no word of `connect` behind them.
    let said = String(decoding: conversation.sent.dropFirst(3073), as: UTF8.self)
    #expect(!said.contains("connect") && !said.contains("tcUrl"))
  }

  @Test func clientThatDoesNotWaitIsDecryptedInOneRead() throws {
    // C2 and `connect` in one read, and the answers to both still unsent when the next read comes.
    var conversation = Conversation(handshake: .encrypted)
    let hello = conversation.client.output()
    var c0c1 = try #require(hello)
    try conversation.server.session.receive(&c0c1, at: conversation.server.now)
    let answer = conversation.server.session.output()
    var s0s1s2 = try #require(answer)
    try conversation.client.receive(&s0s1s2, at: conversation.server.now)
    try conversation.exchange()
    #expect(conversation.clientEvents.contains { if case .connected = $0 { true } else { false } })
  }

  @Test func sessionThatDoesNotAllowItRefuses() {
    var server = ObligingServer()
    #expect(throws: RTMPError.encryptedHandshake(version: 6)) { try server.receive([6]) }
    #expect(!server.session.isEncrypted)
  }

  @Test func noBytesMakeTheHandshakeTrap() throws {
    var random = SeededGenerator(seed: 11)
    let noise = HandshakeLayout.randomBytes(1536, from: &random)
    let own = try #require(DiffieHellman(privateKey: ascending))
    let c1 = DigestHandshake.hello(
      version: [128, 0, 3, 2], random: noise, scheme: .one, key: .player, publicKey: own.publicKey)
    let valid = ByteBuffer(bytes: [8] + c1 + noise)
    var refused = 0
    for _ in 0..<200 {
      var handshake = ServerHandshake(allowsEncryption: true, random: &random)
      var bytes = valid.mutated(using: &random)
      var output = ByteBuffer()
      do { try handshake.receive(&bytes, output: &output) } catch { refused += 1 }
    }
    #expect((1..<200).contains(refused))
  }
}
