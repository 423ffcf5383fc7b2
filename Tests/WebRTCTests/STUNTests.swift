import NIOCore
import Testing

@testable import TestPeer
@testable import WebRTC

/// The sample messages of RFC 5769.
enum STUNVectors {
  /// Section 2.1; password `VOkJxbRl1RmTxUk/WvJxBt`.
  static let request = hex(
    """
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74 00240004 6e0001ff
    80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249
    c1b571a2 80280004 e57a3bcf
    """)
  /// Section 2.2; the same password.
  static let responseIPv4 = hex(
    """
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643
    00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96
    """)
  /// Section 2.3; the same password.
  static let responseIPv6 = hex(
    """
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014 0002a147 0113a9fa
    a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c
    """)
  static let password = "VOkJxbRl1RmTxUk/WvJxBt"

  static func hex(_ text: String) -> ByteBuffer {
    let digits = text.filter { !$0.isWhitespace }
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
      let end = digits.index(index, offsetBy: 2)
      bytes.append(UInt8(digits[index..<end], radix: 16) ?? 0)
      index = end
    }
    return ByteBuffer(bytes: bytes)
  }
}

@Suite struct STUNTests {
  @Test(arguments: [STUNVectors.request, STUNVectors.responseIPv4, STUNVectors.responseIPv6])
  func theSampleMessagesAreIntact(datagram: ByteBuffer) {
    #expect(STUNIntegrity.verify(datagram, key: STUNVectors.password.utf8) == .valid)
    #expect(STUNIntegrity.verify(datagram, key: "another password".utf8) == .wrong)
    #expect(STUNIntegrity.verifyFingerprint(datagram) == .valid)
  }

  @Test func theSampleRequestIsRead() throws {
    let message = try STUNMessage(parsing: STUNVectors.request)
    #expect(message.messageClass == .request)
    #expect(message.method == STUNMessage.binding)
    #expect(message.username == "evtj:h6vY")
    #expect(message.priority == 0x6E00_01FF)
    #expect(message.attributes.contains(.software("STUN test client")))
    #expect(message.attributes.contains(.iceControlled(tieBreaker: 0x932F_F9B1_5126_3B36)))
    #expect(!message.nominates)
    #expect(STUNMessage.localUfrag(of: STUNVectors.request) == "evtj")
  }

  @Test func theSampleResponsesCarryTheirAddresses() throws {
    let four = try STUNMessage(parsing: STUNVectors.responseIPv4)
    #expect(four.attributes.contains(.xorMappedAddress(try SocketAddress(ipAddress: "192.0.2.1", port: 32853))))
    let six = try STUNMessage(parsing: STUNVectors.responseIPv6)
    let address = try SocketAddress(ipAddress: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853)
    #expect(six.attributes.contains(.xorMappedAddress(address)))
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var random = SeededRandom(1)
    let message = STUNMessage(
      .failure, transactionID: STUNTransactionID(using: &random),
      attributes: [
        .errorCode(487, reason: "Role Conflict"), .unknownAttributes([1, 2, 3]), .username("abcd:efgh"), .useCandidate,
        .xorMappedAddress(try SocketAddress(ipAddress: "::1", port: 1)), .iceControlling(tieBreaker: 7),
        .other(type: 0xC057, ByteBuffer(bytes: [0, 1, 0, 2])),
      ])
    let datagram = message.encoded(integrityKey: "secret")
    #expect(STUNIntegrity.verify(datagram, key: "secret".utf8) == .valid)
    #expect(STUNIntegrity.verifyFingerprint(datagram) == .valid)
    var read = try STUNMessage(parsing: datagram)
    #expect(read.attributes.count == message.attributes.count + 2)
    read.attributes.removeLast(2)
    #expect(read == message)
  }

  @Test func anIPv4AddressSeenByADualStackSocketIsReportedAsIPv4() throws {
    let mapped = try SocketAddress(ipAddress: "::ffff:192.0.2.9", port: 77)
    #expect(mapped.packedIP == [192, 0, 2, 9])
  }

  @Test func attributesBehindTheIntegrityDoNotCount() throws {
    var datagram = STUNMessage(.request, transactionID: .init(high: 1, low: 2)).encoded(integrityKey: "secret")
    datagram.writeInteger(UInt32(0x0025_0000))
    datagram.setInteger(UInt16(datagram.readableBytes - 20), at: 2)
    #expect(try STUNMessage(parsing: datagram).nominates == false)
  }

  @Test func everyCutMessageIsRefused() {
    let bytes = STUNVectors.request
    for length in 0..<bytes.readableBytes {
      let cut = bytes.getSlice(at: 0, length: length) ?? ByteBuffer()
      #expect(throws: WebRTCError.self) { try STUNMessage(parsing: cut) }
      #expect(STUNMessage.localUfrag(of: cut) == nil)
    }
  }

  @Test func theNumberOfAttributesIsLimited() throws {
    func message(_ count: Int) -> ByteBuffer {
      let attributes = (0..<count).map { _ in STUNAttribute.useCandidate }
      return STUNMessage(.request, transactionID: .init(high: 1, low: 2), attributes: attributes)
        .encoded(integrityKey: nil)
    }
    // One more is the fingerprint.
    _ = try STUNMessage(parsing: message(31))
    #expect(throws: WebRTCError.stun(.tooManyAttributes(limit: 32))) { try STUNMessage(parsing: message(32)) }
  }

  @Test(arguments: ["abc:x", "\(String(repeating: "a", count: 257)):x", "nocolon"])
  func aUserNameWithoutALegalFragmentFindsNoSession(username: String) {
    let message = STUNMessage(.request, transactionID: .init(high: 1, low: 2), attributes: [.username(username)])
    #expect(STUNMessage.localUfrag(of: message.encoded(integrityKey: nil)) == nil)
  }

  @Test func mutatedMessagesDoNoHarm() {
    var random = SeededRandom(2)
    let samples = [STUNVectors.request, STUNVectors.responseIPv4, STUNVectors.responseIPv6]
    var read = 0
    for round in 0..<10_000 {
      let datagram = ByteBuffer(bytes: random.mutated(Array(samples[round % 3].readableBytesView)))
      if (try? STUNMessage(parsing: datagram)) != nil { read += 1 }
      _ = STUNMessage.localUfrag(of: datagram)
      _ = STUNIntegrity.verify(datagram, key: STUNVectors.password.utf8)
      _ = STUNIntegrity.verifyFingerprint(datagram)
    }
    #expect((1..<10_000).contains(read))
  }
}
