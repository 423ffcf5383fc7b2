import CLibSRTP
import NIOCore

/// Why a protected packet was not let in.
public enum SRTPRejection: String, Hashable, Sendable, CaseIterable {
  /// The authentication tag is wrong.
  case auth
  /// Seen before, or too old to tell (RFC 3711 section 3.3.2).
  case replay
  /// Too short, or its header lies.
  case malformed
  /// From a source that the description does not know.
  case unknownSSRC = "unknown_ssrc"
  /// Came before the DTLS handshake gave keys.
  case beforeKeys = "before_keys"
}

/// The protection of one direction: under AES-GCM by ``GCMProtection`` or ``GCMOpening``, which take half of the time
/// and a tenth of the memory, otherwise by libsrtp. A class because it frees what it owns; it never leaves its connection.
final class SRTPContext {
  enum Direction {
    case outbound
    case inbound
  }

  /// Bytes that protecting may add to a packet; SRTCP adds its index word to that.
  static let maximumTrailer = Int(SRTP_MAX_TRAILER_LEN) + 4

  /// libsrtp's session; nil where one of the two below does its work.
  private let session: OpaquePointer?
  private let sealing: GCMProtection?
  private let opening: GCMOpening?

  /// - Parameter key: master key and salt, one after the other, of the profile's lengths.
  init(profile: SRTPProfile, key: [UInt8], direction: Direction) throws(WebRTCError) {
    guard Self.isLibraryReady, key.count == profile.keyLength + profile.saltLength else {
      throw .srtp(status: srtp_err_status_bad_param.rawValue)
    }
    if profile.isGCM {
      let (key, salt) = (Array(key.prefix(profile.keyLength)), Array(key.dropFirst(profile.keyLength)))
      self.session = nil
      self.sealing = direction == .outbound ? try GCMProtection(masterKey: key, masterSalt: salt) : nil
      self.opening = direction == .inbound ? GCMOpening(masterKey: key, masterSalt: salt) : nil
      return
    }
    self.sealing = nil
    self.opening = nil
    var key = key
    var session: OpaquePointer?
    let status = key.withUnsafeMutableBufferPointer { key in
      var policy = srtp_policy_t()
      flashgate_srtp_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp)
      flashgate_srtp_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp)
      policy.ssrc.type = direction == .outbound ? ssrc_any_outbound : ssrc_any_inbound
      policy.key = key.baseAddress
      policy.window_size = 1024
      // A packet asked for again is sent again byte for byte; its key stream does not cover other text.
      policy.allow_repeat_tx = direction == .outbound ? 1 : 0
      return srtp_create(&session, &policy)
    }
    guard status == srtp_err_status_ok, let session else { throw .srtp(status: status.rawValue) }
    self.session = session
  }

  deinit { if let session { srtp_dealloc(session) } }

  /// Protects an RTP packet whose header is at its place and whose payload lies elsewhere; `maximumTrailer` bytes must
  /// be free behind the two. The protected length, or nil if the packet cannot be protected.
  @inline(__always)
  func protect(_ packet: UnsafeMutableRawPointer, headerSize: Int, payload: UnsafeRawBufferPointer) -> Int? {
    if let sealing { return sealing.seal(packet, headerSize: headerSize, payload: payload) }
    if let start = payload.baseAddress { (packet + headerSize).copyMemory(from: start, byteCount: payload.count) }
    return self.protectByLibrary(packet, count: headerSize + payload.count)
  }

  /// The same for the first `count` bytes, in place.
  func protect(_ packet: UnsafeMutableRawPointer, count: Int) -> Int? {
    guard let sealing else { return self.protectByLibrary(packet, count: count) }
    guard let headerSize = Self.headerSize(of: UnsafeRawBufferPointer(start: packet, count: count)) else { return nil }
    return sealing.seal(
      packet, headerSize: headerSize,
      payload: UnsafeRawBufferPointer(start: packet + headerSize, count: count - headerSize))
  }

  /// Fixed header, contributing sources and extension block (RFC 3550 section 5.1); nil if they do not fit.
  private static func headerSize(of packet: UnsafeRawBufferPointer) -> Int? {
    guard packet.count >= 12 else { return nil }
    let fixed = 12 + 4 * Int(packet[0] & 0x0F)
    guard packet[0] & 0x10 != 0 else { return fixed <= packet.count ? fixed : nil }
    guard fixed + 4 <= packet.count else { return nil }
    let words = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: fixed + 2, as: UInt16.self))
    let size = fixed + 4 + 4 * Int(words)
    return size <= packet.count ? size : nil
  }

  private func protectByLibrary(_ packet: UnsafeMutableRawPointer, count: Int) -> Int? {
    var length = Int32(truncatingIfNeeded: count)
    return srtp_protect(self.session, packet, &length) == srtp_err_status_ok ? Int(length) : nil
  }

  /// The same for an RTCP packet.
  func protectRTCP(_ packet: UnsafeMutableRawPointer, count: Int) -> Int? {
    if let sealing { return sealing.sealRTCP(packet, count: count) }
    var length = Int32(truncatingIfNeeded: count)
    return srtp_protect_rtcp(self.session, packet, &length) == srtp_err_status_ok ? Int(length) : nil
  }

  /// Checks and decrypts in place; the buffer then ends with the plain packet.
  func unprotect(_ packet: inout ByteBuffer, isRTCP: Bool) -> SRTPRejection? {
    let readable = packet.readableBytes
    // libsrtp reads a fixed header before it looks at the length it was given.
    guard readable >= (isRTCP ? 8 : 12), readable <= 65_535 else { return .malformed }
    if let opening {
      if isRTCP { return opening.openRTCP(&packet) }
      guard let headerSize = packet.withUnsafeReadableBytes({ Self.headerSize(of: $0) }) else { return .malformed }
      return opening.open(&packet, headerSize: headerSize)
    }
    // What goes out is never opened.
    guard let session = self.session else { return .auth }
    var length = Int32(readable)
    let status = packet.withUnsafeMutableReadableBytes { bytes in
      guard let start = bytes.baseAddress else { return srtp_err_status_bad_param }
      return isRTCP ? srtp_unprotect_rtcp(session, start, &length) : srtp_unprotect(session, start, &length)
    }
    switch status {
    case srtp_err_status_ok:
      packet.moveWriterIndex(to: packet.readerIndex + Int(length))
      return nil
    case srtp_err_status_auth_fail: return .auth
    case srtp_err_status_replay_fail, srtp_err_status_replay_old: return .replay
    case srtp_err_status_no_ctx: return .unknownSSRC
    default: return .malformed
    }
  }

  /// Forgets a source that has left; false if it was not known.
  @discardableResult
  func removeStream(ssrc: UInt32) -> Bool {
    self.sealing?.removeStream(ssrc: ssrc) ?? (srtp_remove_stream(self.session, ssrc.bigEndian) == srtp_err_status_ok)
  }

  /// libsrtp wants one call before any other; Swift makes a global's initialiser run once. On NSS it takes some 20 ms,
  /// so it is asked for when the certificate is made, not when the first receiver waits.
  static let isLibraryReady = srtp_init() == srtp_err_status_ok
}
