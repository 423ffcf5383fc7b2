import COpenSSL

/// Protects what goes out, RTP and RTCP, by AES-GCM (RFC 7714) on OpenSSL's cipher.
///
/// What stands here is the framing: which bytes are authenticated, which are encrypted, and under which index. Confined
/// to its connection.
final class GCMProtection {
  private let rtp: GCMCipher
  private let rtcp: GCMCipher
  private var indices = PacketIndices()
  /// Of the RTCP packet sent last, of all sources together: none may come twice under one key (RFC 3711 section 3.4).
  private var reportIndex: UInt32 = 0

  /// - Parameters:
  ///   - key: the master key, 16 or 32 bytes.
  ///   - salt: the master salt, 12 bytes.
  init(masterKey key: [UInt8], masterSalt salt: [UInt8]) throws(WebRTCError) {
    self.rtp = try GCMCipher(masterKey: key, masterSalt: salt, .rtpEncryption, .rtpSalt)
    self.rtcp = try GCMCipher(masterKey: key, masterSalt: salt, .rtcpEncryption, .rtcpSalt)
  }

  /// Writes the protected packet whose header is already at its place: the payload goes from where it lies straight
  /// into the packet, encrypted, and the tag behind it.
  ///
  /// - Parameters:
  ///   - packet: begins with the header; has room for the payload and `GCMCipher.tagLength` more bytes.
  ///   - headerSize: bytes of the header, extensions included, at least 12.
  ///   - payload: what is encrypted; it may be the very bytes behind the header, but must not overlap otherwise.
  /// - Returns: the length of the protected packet, or nil if its number cannot be sent any more.
  @inline(__always)
  func seal(_ packet: UnsafeMutableRawPointer, headerSize: Int, payload: UnsafeRawBufferPointer) -> Int? {
    let sequenceNumber = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    let ssrc = UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard let index = self.indices.index(ssrc: ssrc, sequenceNumber: sequenceNumber),
      self.rtp.seal(packet, headerSize: headerSize, text: payload, ssrc: ssrc, index: index)
    else { return nil }
    return headerSize + payload.count + GCMCipher.tagLength
  }

  /// Protects an RTCP compound in place: all behind its first eight bytes is encrypted, and the tag and the index stand
  /// behind it (RFC 7714 section 9.2).
  ///
  /// - Returns: the new length, or nil if the compound is too short, or the key used up.
  func sealRTCP(_ packet: UnsafeMutableRawPointer, count: Int) -> Int? {
    guard count >= SRTCP.headerSize, self.reportIndex < Self.lastReportIndex else { return nil }
    self.reportIndex += 1
    let ssrc = UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let trailer = SRTCP.isEncrypted | self.reportIndex
    let text = UnsafeRawBufferPointer(start: packet + SRTCP.headerSize, count: count - SRTCP.headerSize)
    guard
      self.rtcp.seal(
        packet, headerSize: SRTCP.headerSize, text: text, trailer: trailer, ssrc: ssrc,
        index: UInt64(self.reportIndex))
    else { return nil }
    packet.storeBytes(of: trailer.bigEndian, toByteOffset: count + GCMCipher.tagLength, as: UInt32.self)
    return count + GCMCipher.tagLength + 4
  }

  /// Forgets a source that has left; false if it was not known.
  func removeStream(ssrc: UInt32) -> Bool { self.indices.remove(ssrc: ssrc) }

  private static let lastReportIndex: UInt32 = 1 << 31 - 1
}

/// How a protected RTCP compound is laid out (RFC 3711 section 3.4).
enum SRTCP {
  /// Bytes in front that are not encrypted.
  static let headerSize = 8
  /// The top bit of the word behind the packet; the index is in the others.
  static let isEncrypted: UInt32 = 1 << 31
}

extension GCMCipher {
  /// The cipher whose session key and salt come of a master key and salt.
  convenience init(
    masterKey key: [UInt8], masterSalt salt: [UInt8], _ encryption: SRTPKeyLabel, _ salting: SRTPKeyLabel,
    opens: Bool = false
  ) throws(WebRTCError) {
    try self.init(
      sessionKey: try encryption.deriveKey(from: key, salt: salt, count: key.count),
      sessionSalt: try salting.deriveKey(from: key, salt: salt, count: salt.count), opens: opens)
  }
}
