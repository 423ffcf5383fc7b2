import COpenSSL
import NIOCore

/// MESSAGE-INTEGRITY (HMAC-SHA1) and FINGERPRINT (CRC-32) of RFC 8489 sections 14.5 and 14.7.
public enum STUNIntegrity {
  /// What a look at a datagram's protection found.
  public enum Verdict: Hashable, Sendable {
    case valid
    case missing
    case wrong
  }

  /// Checks MESSAGE-INTEGRITY with a short-term key (the ICE password), or with the bytes of a long-term key.
  public static func verify(_ datagram: ByteBuffer, key: some Collection<UInt8>) -> Verdict {
    guard let (offset, value) = self.find(STUNAttributeType.messageIntegrity, in: datagram) else { return .missing }
    guard value.readableBytes == 20 else { return .wrong }
    // The length field counts as if the message ended with this attribute.
    let expected = self.digest(
      of: datagram.readableBytesView.prefix(offset), statedLength: offset + 24 - STUNMessage.headerSize, key: key)
    return self.isEqual(expected, value) ? .valid : .wrong
  }

  /// Checks FINGERPRINT, which must be the last attribute.
  public static func verifyFingerprint(_ datagram: ByteBuffer) -> Verdict {
    guard let (offset, value) = self.find(STUNAttributeType.fingerprint, in: datagram) else { return .missing }
    guard let stated: UInt32 = value.getInteger(at: value.readerIndex), value.readableBytes == 4,
      offset + 8 == datagram.readableBytes
    else { return .wrong }
    return stated == self.fingerprint(of: datagram.readableBytesView.prefix(offset)) ? .valid : .wrong
  }

  static func digest(of bytes: ByteBufferView, statedLength: Int, key: String) -> [UInt8] {
    self.digest(of: bytes, statedLength: statedLength, key: key.utf8)
  }

  private static func digest(of bytes: ByteBufferView, statedLength: Int, key: some Collection<UInt8>) -> [UInt8] {
    var message = Array(bytes)
    guard message.count >= STUNMessage.headerSize else { return [] }
    message[2] = UInt8(truncatingIfNeeded: statedLength >> 8)
    message[3] = UInt8(truncatingIfNeeded: statedLength)
    let key = Array(key)
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard HMAC(EVP_sha1(), key, Int32(clamping: key.count), message, message.count, &digest, &length) != nil else {
      return []
    }
    return Array(digest.prefix(Int(length)))
  }

  static func fingerprint(of bytes: ByteBufferView) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes { crc = self.table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
    return ~crc ^ 0x5354_554E
  }

  /// Where an attribute begins, counted from the start of the message, and its value.
  private static func find(_ wanted: UInt16, in datagram: ByteBuffer) -> (offset: Int, value: ByteBuffer)? {
    guard var walk = try? STUNAttributeWalk(datagram) else { return nil }
    var offset = STUNMessage.headerSize
    while let (type, value) = try? walk.next() {
      if type == wanted { return (offset, value) }
      offset += 4 + (value.readableBytes + 3) & ~3
    }
    return nil
  }

  /// In constant time: how far a forger's digest agrees must not show.
  private static func isEqual(_ expected: [UInt8], _ value: ByteBuffer) -> Bool {
    value.withUnsafeReadableBytes { present in
      guard expected.count == present.count, let start = present.baseAddress else { return false }
      return CRYPTO_memcmp(expected, start, expected.count) == 0
    }
  }

  /// CRC-32 of ITU-T V.42, bits reflected.
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
