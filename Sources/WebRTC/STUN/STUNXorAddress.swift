import NIOCore

/// The value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2): port and address are masked with the cookie and the
/// transaction id, so that meddling address translators do not find them.
enum STUNXorAddress {
  static func read(_ value: inout ByteBuffer, transaction: STUNTransactionID) -> SocketAddress? {
    guard let (_, family, port) = value.readMultipleIntegers(as: (UInt8, UInt8, UInt16).self) else { return nil }
    let size = family == 1 ? 4 : family == 2 ? 16 : 0
    guard size > 0, value.readableBytes == size, var bytes = value.readBytes(length: size) else { return nil }
    for (index, mask) in self.mask(transaction).prefix(size).enumerated() { bytes[index] ^= mask }
    return try? SocketAddress(
      packedIPAddress: ByteBuffer(bytes: bytes), port: Int(port ^ UInt16(truncatingIfNeeded: STUNMessage.cookie >> 16)))
  }

  static func write(_ address: SocketAddress, transaction: STUNTransactionID, into value: inout ByteBuffer) {
    guard var bytes = address.packedIP else { return }
    value.writeInteger(UInt8(0))
    value.writeInteger(UInt8(bytes.count == 4 ? 1 : 2))
    value.writeInteger(
      UInt16(truncatingIfNeeded: address.port ?? 0) ^ UInt16(truncatingIfNeeded: STUNMessage.cookie >> 16))
    for (index, mask) in zip(bytes.indices, self.mask(transaction)) { bytes[index] ^= mask }
    value.writeBytes(bytes)
  }

  private static func mask(_ transaction: STUNTransactionID) -> [UInt8] {
    var mask = ByteBuffer()
    mask.writeInteger(STUNMessage.cookie)
    transaction.write(into: &mask)
    return Array(mask.readableBytesView)
  }
}

extension SocketAddress {
  /// The address's bytes in network order, 4 or 16 of them; an IPv4 address that a dual-stack socket shows as IPv6
  /// (RFC 4291 section 2.5.5.2) counts as the IPv4 address it is.
  var packedIP: [UInt8]? {
    switch self {
    case .v4(let address):
      return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address):
      let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
      let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
      return isMapped ? Array(bytes.suffix(4)) : bytes
    case .unixDomainSocket:
      return nil
    }
  }
}
