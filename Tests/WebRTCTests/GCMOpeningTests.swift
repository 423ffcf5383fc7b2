import CLibSRTP
import NIOCore
import Testing

@testable import TestPeer
@testable import WebRTC

/// What comes in, beside libsrtp, which judges the same packets.
@Suite struct GCMOpeningTests {
  private static let profiles = [SRTPProfile.aeadAES128GCM, .aeadAES256GCM]

  private static func key(_ profile: SRTPProfile) -> [UInt8] {
    (0..<profile.keyLength + profile.saltLength).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
  }

  /// Three times round the numbers, late, lost, twice, changed: each packet is let in or refused as libsrtp does.
  @Test(arguments: profiles) func packetsAreJudgedAsByLibsrtp(profile: SRTPProfile) throws {
    var random = SeededRandom(21)
    let ours = try SRTPContext(profile: profile, key: Self.key(profile), direction: .inbound)
    let theirs = try LibraryOpening(profile: profile, key: Self.key(profile))
    let sender = try SRTPContext(profile: profile, key: Self.key(profile), direction: .outbound)
    var late: [[UInt8]] = []
    var (number, opened) = (UInt16(65_000), 0)
    for _ in 0..<12_000 {
      number &+= UInt16.random(in: 1...40, using: &random)
      var plain: [UInt8] = [0x90, 0x60, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 0xBE, 0xDE, 0, 1, 0x10, 9, 0, 0]
      plain.replaceSubrange(2..<4, with: [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)])
      plain += (0..<Int.random(in: 0...50, using: &random)).map { UInt8($0) }
      late.append(try Self.sealed(plain, by: sender))
      let place =
        late.count < 30 || Bool.random(using: &random) ? late.count - 1 : Int.random(in: 0..<late.count, using: &random)
      let packet = Int.random(in: 0..<20, using: &random) == 0 ? random.mutated(late[place]) : late[place]
      if late.count > 60 { late.removeFirst() }
      var buffer = ByteBuffer(bytes: packet)
      let isOpen = ours.unprotect(&buffer, isRTCP: false) == nil
      #expect((isOpen ? Array(buffer.readableBytesView) : nil) == theirs.open(packet, isRTCP: false))
      if isOpen { opened += 1 }
    }
    #expect(opened > 6000)
  }

  @Test(arguments: profiles) func reportsAreJudgedAsByLibsrtp(profile: SRTPProfile) throws {
    var random = SeededRandom(22)
    let ours = try SRTPContext(profile: profile, key: Self.key(profile), direction: .inbound)
    let theirs = try LibraryOpening(profile: profile, key: Self.key(profile))
    let sender = try SRTPContext(profile: profile, key: Self.key(profile), direction: .outbound)
    var sent: [[UInt8]] = []
    for count in 0..<3000 {
      let source: UInt8 = count % 3 == 0 ? 1 : 2
      let plain: [UInt8] = [0x80, 201, 0, 1, source, 2, 3, 4] + [UInt8](repeating: 5, count: count % 50)
      sent.append(try Self.sealed(plain, by: sender, isRTCP: true))
      let packet =
        Bool.random(using: &random) ? sent[count] : try #require(sent.suffix(200).randomElement(using: &random))
      let tried = Int.random(in: 0..<10, using: &random) == 0 ? random.mutated(packet) : packet
      var buffer = ByteBuffer(bytes: tried)
      let isOpen = ours.unprotect(&buffer, isRTCP: true) == nil
      #expect((isOpen ? Array(buffer.readableBytesView) : nil) == theirs.open(tried, isRTCP: true))
    }
  }

  @Test func whatIsTooShortIsMalformed() throws {
    let context = try SRTPContext(
      profile: .aeadAES128GCM, key: Self.key(.aeadAES128GCM), direction: .inbound)
    for count in 0..<28 {
      var packet = ByteBuffer(repeating: 0x80, count: count)
      #expect(context.unprotect(&packet, isRTCP: false) == .malformed)
      packet = ByteBuffer(repeating: 0x80, count: count)
      #expect(context.unprotect(&packet, isRTCP: true) == .malformed)
    }
    // Says that more sources follow than there are bytes.
    var packet = ByteBuffer(repeating: 0x8F, count: 40)
    #expect(context.unprotect(&packet, isRTCP: false) == .malformed)
  }

  @Test func aReportThatIsNotEncryptedIsRefused() throws {
    let key = Self.key(.aeadAES128GCM)
    let sender = try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .outbound)
    let receiver = try SRTPContext(profile: .aeadAES128GCM, key: key, direction: .inbound)
    var packet = ByteBuffer(bytes: try Self.sealed([0x80, 201, 0, 1, 1, 2, 3, 4], by: sender, isRTCP: true))
    packet.setInteger(UInt8(0), at: packet.writerIndex - 4)
    #expect(receiver.unprotect(&packet, isRTCP: true) == .auth)
  }

  private static func sealed(_ plain: [UInt8], by context: SRTPContext, isRTCP: Bool = false) throws -> [UInt8] {
    var memory = plain + [UInt8](repeating: 0, count: SRTPContext.maximumTrailer)
    let length = memory.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.flatMap {
        isRTCP ? context.protectRTCP($0, count: plain.count) : context.protect($0, count: plain.count)
      }
    }
    return Array(memory.prefix(try #require(length)))
  }
}

/// libsrtp's way of opening.
private final class LibraryOpening {
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
      policy.ssrc.type = ssrc_any_inbound
      policy.key = key.baseAddress
      policy.window_size = 1024
      _ = srtp_create(&session, &policy)
    }
    self.session = try #require(session)
  }

  deinit { srtp_dealloc(session) }

  func open(_ packet: [UInt8], isRTCP: Bool) -> [UInt8]? {
    guard packet.count >= 12 else { return nil }
    var (memory, length) = (packet, Int32(packet.count))
    let status = memory.withUnsafeMutableBytes {
      isRTCP ? srtp_unprotect_rtcp(session, $0.baseAddress, &length) : srtp_unprotect(session, $0.baseAddress, &length)
    }
    return status == srtp_err_status_ok ? Array(memory.prefix(Int(length))) : nil
  }
}
