import NIOCore

/// One record as it stands in a datagram (RFC 6347 section 4.1).
struct DTLSRecord {
  /// The content types that mean something after a handshake; their numbers are TLS's.
  enum Content: UInt8 {
    case alert = 21
    case handshake = 22
  }

  let type: UInt8
  let version: UInt16
  /// Epoch in the top 16 bits, number in the others: as it is authenticated.
  let number: UInt64
  /// What is behind the header.
  let fragment: ByteBuffer

  var epoch: UInt16 { UInt16(truncatingIfNeeded: number >> 48) }

  /// Takes the next record off a datagram; nil at its end, or where no whole record follows.
  init?(readingFrom datagram: inout ByteBuffer) {
    guard
      let (type, version, number, length) = datagram.readMultipleIntegers(
        as: (UInt8, UInt16, UInt64, UInt16).self),
      let fragment = datagram.readSlice(length: Int(length))
    else { return nil }
    self.type = type
    self.version = version
    self.number = number
    self.fragment = fragment
  }

  static let headerSize = 13
  /// DTLS 1.2 on the wire.
  static let version12: UInt16 = 0xFEFD
}
