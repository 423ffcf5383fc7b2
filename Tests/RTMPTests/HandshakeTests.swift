import NIOCore
import Testing

@testable import RTMP
import Seeded

@Suite("Handshake")
struct HandshakeTests {
  private func server() -> ServerHandshake {
    var random = SeededGenerator(seed: 3)
    return ServerHandshake(random: &random)
  }

  @Test func plainClientGetsItsBytesBackAtOnce() throws {
    var handshake = server()
    var output = ByteBuffer()
    let c1 = Wire.be32(0x0102_0304) + [0, 0, 0, 0] + ramp(1528)
    var bytes = ByteBuffer(bytes: [3] + c1)
    try handshake.receive(&bytes, output: &output)
    let answer = Array(output.readableBytesView)
    #expect(answer.count == 1 + 2 * 1536)
    #expect(answer[0] == 3)
    #expect(Array(answer[5..<9]) == [0, 0, 0, 0])
    #expect(Array(answer[1537..<1541]) == [1, 2, 3, 4])
    #expect(Array(answer[1545...]) == ramp(1528))
    #expect(!handshake.isDone)
  }

  @Test(arguments: DigestHandshake.Scheme.allCases)
  func digestIsAnsweredByTheSameSchemeAndSigned(scheme: DigestHandshake.Scheme) throws {
    var random = SeededGenerator(seed: 4)
    let noise = HandshakeLayout.randomBytes(1536, from: &random)
    let c1 = DigestHandshake.hello(version: [9, 0, 124, 2], random: noise, scheme: scheme, key: .player)
    var handshake = server()
    var output = ByteBuffer()
    var bytes = ByteBuffer(bytes: [3] + c1)
    try handshake.receive(&bytes, output: &output)
    let answer = Array(output.readableBytesView)
    let found = try #require(DigestHandshake.find(in: Array(answer[1..<1537]), key: .server))
    #expect(found.0 == scheme)
    let digest = try #require(DigestHandshake.find(in: c1, key: .player)).1
    #expect(DigestHandshake.isValid(answer: Array(answer[1537...]), to: digest, key: .server))
  }

  @Test func damagedDigestIsAnsweredPlainly() throws {
    var random = SeededGenerator(seed: 4)
    let noise = HandshakeLayout.randomBytes(1536, from: &random)
    var c1 = DigestHandshake.hello(version: [9, 0, 124, 2], random: noise, scheme: .zero, key: .player)
    c1[1535] ^= 1
    var handshake = server()
    var output = ByteBuffer()
    var bytes = ByteBuffer(bytes: [3] + c1)
    try handshake.receive(&bytes, output: &output)
    #expect(Array(output.readableBytesView.suffix(1528)) == Array(c1[8...]))
  }

  /// RFC 4231, test case 2.
  @Test func hmacMatchesItsStandard() {
    let code = DigestHandshake.hmac(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
    #expect(
      code == [
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
        0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
      ])
  }

  @Test func everySplitOfTheClientsHalfLeavesWhatFollowsIt() throws {
    let client = Wire.handshake + [0xAB, 0xCD]
    for split in 0...client.count {
      var handshake = server()
      var output = ByteBuffer()
      var head = ByteBuffer(bytes: client[..<split])
      try handshake.receive(&head, output: &output)
      var tail = ByteBuffer(buffer: head)
      tail.writeBytes(client[split...])
      try handshake.receive(&tail, output: &output)
      #expect(handshake.isDone)
      #expect(Array(tail.readableBytesView) == [0xAB, 0xCD], "split at \(split)")
      #expect(output.readableBytes == 3073)
    }
  }

  @Test(arguments: [6, 8, 9] as [UInt8])
  func encryptedVersionsAreRefusedByName(version: UInt8) {
    var handshake = server()
    var output = ByteBuffer()
    var bytes = ByteBuffer(bytes: [version])
    #expect(throws: RTMPError.encryptedHandshake(version: version)) {
      try handshake.receive(&bytes, output: &output)
    }
  }

  @Test(arguments: [4, 5, 7, 10, 31] as [UInt8]) func laterVersionsAreAnsweredWithOurs(version: UInt8) throws {
    var handshake = server()
    var output = ByteBuffer()
    var bytes = ByteBuffer(bytes: [version] + [UInt8](repeating: 0, count: 2 * 1536) + [0xAB])
    try handshake.receive(&bytes, output: &output)
    #expect(handshake.isDone)
    #expect(output.readableBytes == 3073 && output.getInteger(at: output.readerIndex, as: UInt8.self) == 3)
    #expect(Array(bytes.readableBytesView) == [0xAB])
  }

  @Test(arguments: ["GET / HTTP/1.1", "POST /open/1", "\0", "\u{2}", " ", "<policy"])
  func strangersAreRefusedAtTheirFirstByte(text: String) throws {
    var handshake = server()
    var output = ByteBuffer()
    var bytes = ByteBuffer(string: text)
    let first = try #require(text.utf8.first)
    #expect(throws: RTMPError.notRTMP(firstByte: first)) { try handshake.receive(&bytes, output: &output) }
    #expect(output.readableBytes == 0)
  }
}
