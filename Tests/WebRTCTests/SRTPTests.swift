import NIOCore
import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct SRTPTests {
  private static let packet: [UInt8] = [0x80, 0x60, 0, 1, 0, 0, 0, 1, 0xCA, 0xFE, 0xBA, 0xBE] + [UInt8](0..<100)

  private func protect(_ context: SRTPContext, _ packet: [UInt8], isRTCP: Bool = false) throws -> ByteBuffer {
    var memory = packet + [UInt8](repeating: 0, count: SRTPContext.maximumTrailer)
    let length = memory.withUnsafeMutableBytes { bytes -> Int? in
      guard let start = bytes.baseAddress else { return nil }
      return isRTCP ? context.protectRTCP(start, count: packet.count) : context.protect(start, count: packet.count)
    }
    return ByteBuffer(bytes: memory.prefix(try #require(length)))
  }

  @Test(arguments: SRTPProfile.allCases) func whatIsProtectedIsOpenedByTheOtherSideOnly(profile: SRTPProfile) throws {
    let length = profile.keyLength + profile.saltLength
    let key = [UInt8]((0..<length).map { UInt8($0) })
    let sender = try SRTPContext(profile: profile, key: key, direction: .outbound)
    let receiver = try SRTPContext(profile: profile, key: key, direction: .inbound)
    let stranger = try SRTPContext(profile: profile, key: key.reversed(), direction: .inbound)
    let protected = try self.protect(sender, Self.packet)
    #expect(protected.readableBytes == Self.packet.count + (profile == .aes128CMSHA1_80 ? 10 : 16))
    #expect(!Array(protected.readableBytesView).dropFirst(12).starts(with: Self.packet.dropFirst(12).prefix(16)))
    var copy = protected
    #expect(stranger.unprotect(&copy, isRTCP: false) == .auth)
    copy = protected
    #expect(receiver.unprotect(&copy, isRTCP: false) == nil)
    #expect(Array(copy.readableBytesView) == Self.packet)
    copy = protected
    #expect(receiver.unprotect(&copy, isRTCP: false) == .replay)
  }

  /// RFC 3711 appendix B.3 goes from this master key and salt to cipher key C61E7A93744F39EE10734AFE3FF7A087 and
  /// salt 30CBBC08863D8C85D49DB34A9AE1. With SSRC and packet index zero the first block of key stream is then
  /// AES(cipher key, salt * 2^16) (section 4.1.1), and a payload of zeros shows it. The vectors of RFC 7714 begin at
  /// session keys, which libsrtp does not let in.
  @Test func keysAreDerivedAsTheStandardSays() throws {
    let key = Array(STUNVectors.hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6").readableBytesView)
    let sender = try SRTPContext(profile: .aes128CMSHA1_80, key: key, direction: .outbound)
    let zeros: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
    let protected = try self.protect(sender, zeros)
    #expect(Array(protected.readableBytesView).dropFirst(12).prefix(16).elementsEqual(Self.firstBlock))
  }

  private static let firstBlock = Array(STUNVectors.hex("FA63BC4668685B65F8FA1CE3909CEAD5").readableBytesView)

  @Test func aPacketSentAgainIsTheSame() throws {
    let key = [UInt8](repeating: 9, count: 28)
    let sender = try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .outbound)
    #expect(try self.protect(sender, Self.packet) == self.protect(sender, Self.packet))
  }

  @Test func aSourceThatLeftIsForgotten() throws {
    let sender = try SRTPContext(profile: .aeadAES128GCM, key: [UInt8](repeating: 9, count: 28), direction: .outbound)
    _ = try self.protect(sender, Self.packet)
    #expect(sender.removeStream(ssrc: 0xCAFE_BABE))
    #expect(!sender.removeStream(ssrc: 0xCAFE_BABE))
  }

  @Test func aKeyOfTheWrongLengthIsRefused() {
    #expect(throws: WebRTCError.self) {
      try SRTPContext(profile: .aeadAES256GCM, key: [UInt8](repeating: 0, count: 28), direction: .outbound)
    }
  }

  @Test func exportedKeysAreLaidOutByRole() throws {
    let exported = (0..<UInt8(56)).map { $0 }
    let server = try #require(SRTPKeys(profile: .aeadAES128GCM, exported: exported, isServer: true))
    let client = try #require(SRTPKeys(profile: .aeadAES128GCM, exported: exported, isServer: false))
    #expect(client.outbound == [UInt8](0..<16) + [UInt8](32..<44))
    #expect(server.outbound == [UInt8](16..<32) + [UInt8](44..<56))
    #expect(server.inbound == client.outbound)
    #expect(client.inbound == server.outbound)
    #expect(SRTPKeys(profile: .aes128CMSHA1_80, exported: exported, isServer: true) == nil)
  }

  @Test(arguments: [true, false]) func mutatedPacketsDoNoHarm(isRTCP: Bool) throws {
    let key = [UInt8](repeating: 9, count: 28)
    let sender = try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .outbound)
    let receiver = try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .inbound)
    let plain = isRTCP ? [0x80, 201, 0, 1, 0, 0, 0, 7] : Self.packet
    let protected = Array(try self.protect(sender, plain, isRTCP: isRTCP).readableBytesView)
    var random = SeededRandom(4)
    for _ in 0..<10_000 {
      let bytes = random.mutated(protected)
      guard bytes != protected else { continue }
      var packet = ByteBuffer(bytes: bytes)
      #expect(receiver.unprotect(&packet, isRTCP: isRTCP) != nil)
    }
  }
}
