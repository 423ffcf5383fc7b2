import NIOCore

/// What both roles and all kinds of handshake share.
enum HandshakeLayout {
  /// C1, C2, S1 and S2 (spec 5.2.3, 5.2.4).
  static let length = 1536
  /// C0 and S0 (spec 5.2.2).
  static let version: UInt8 = 3
  /// Reserved for later versions (spec 5.2.2), but for those that RTMPE uses. A server answers them with its own, and the
  /// client may go on by that. Larger ones are not allowed, so that text can be told from RTMP.
  private static let laterVersions: ClosedRange<UInt8> = 4...31

  /// Takes C0 or S0: nil for plain RTMP, else the version of RTMPE.
  /// - Parameter allowsLater: whether later versions count as plain RTMP, as they do for a server.
  @discardableResult
  static func readVersion(
    _ bytes: inout ByteBuffer, allowsEncryption: Bool = false, allowsLater: Bool = false
  ) throws(RTMPError) -> EncryptedHandshake.Version? {
    let byte = bytes.readInteger(as: UInt8.self) ?? version
    if byte == version { return nil }
    if allowsEncryption, let encrypted = EncryptedHandshake.Version(rawValue: byte) { return encrypted }
    // 9 scrambles by another cipher; no player is known that asks for it first.
    if [6, 8, 9].contains(byte) { throw .encryptedHandshake(version: byte) }
    guard allowsLater, laterVersions.contains(byte) else { throw .notRTMP(firstByte: byte) }
    return nil
  }

  static func read(upTo count: Int, from bytes: inout ByteBuffer) -> ByteBufferView {
    bytes.readSlice(length: min(count, bytes.readableBytes))?.readableBytesView ?? ByteBuffer().readableBytesView
  }

  static func randomBytes(_ count: Int, from random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
