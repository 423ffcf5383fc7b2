import NIOCore

/// Version 2: a signature of 12 bytes, version and command, family and transport, a length; then that many bytes of
/// addresses and added values (proxy-protocol.txt, section 2.2).
extension ProxyHeader {
  private static let fixedLength = 16

  static func readBinary(
    from bytes: inout ByteBuffer, limits: ProxyHeaderLimits
  ) throws(ProxyHeaderError) -> ProxyHeader? {
    let start = bytes.readerIndex
    guard let command = bytes.getInteger(at: start + 12, as: UInt8.self) else { return nil }
    guard command >> 4 == 2 else { throw .version(command >> 4) }
    guard command & 0x0F <= 1 else { throw .command(command & 0x0F) }
    guard let family = bytes.getInteger(at: start + 13, as: UInt8.self),
      let length = bytes.getInteger(at: start + 14, as: UInt16.self)
    else { return nil }
    let whole = fixedLength + Int(length)
    guard whole <= limits.bytes else { throw .tooLong(length: whole, limit: limits.bytes) }
    guard var rest = bytes.getSlice(at: start + fixedLength, length: Int(length)) else { return nil }
    let header: ProxyHeader
    if command & 0x0F == 0 {
      // Whatever addresses LOCAL brings must be ignored.
      header = ProxyHeader(version: .v2, origin: .proxy(isLocal: true))
    } else {
      let origin = try readOrigin(family, from: &rest)
      let added = try readAdded(from: &rest, limits: limits)
      if let place = added.checksumPlace {
        try check(bytes.readableBytesView.prefix(whole), checksumAt: fixedLength + place)
      }
      header = ProxyHeader(version: .v2, origin: origin, tls: added.tls)
    }
    bytes.moveReaderIndex(forwardBy: whole)
    return header
  }

  private static func readOrigin(
    _ family: UInt8, from rest: inout ByteBuffer
  ) throws(ProxyHeaderError) -> Origin {
    let length = rest.readableBytes
    switch family {
    case 0x11:
      guard let source = rest.readSlice(length: 4), let ports = readPorts(from: &rest, skipping: 4) else {
        throw .tooShort(length: length, needed: 12)
      }
      return .client(try address(source, port: ports))
    case 0x21:
      guard let source = rest.readSlice(length: 16), let ports = readPorts(from: &rest, skipping: 16) else {
        throw .tooShort(length: length, needed: 36)
      }
      return .client(try address(source, port: ports))
    case 0x31:
      guard rest.readSlice(length: 216) != nil else { throw .tooShort(length: length, needed: 216) }
      return .proxy(isLocal: false)
    case 0x00, 0x01, 0x10, 0x20, 0x30:
      // Of unspecified family or transport: the addresses are skipped, and what they are is unknown, so the rest is too.
      rest.moveReaderIndex(to: rest.writerIndex)
      return .proxy(isLocal: false)
    default:
      throw .family(family)
    }
  }

  /// Skips the destination's address and returns the source's port.
  private static func readPorts(from rest: inout ByteBuffer, skipping length: Int) -> Int? {
    guard rest.readSlice(length: length) != nil, let source = rest.readInteger(as: UInt16.self),
      rest.readInteger(as: UInt16.self) != nil
    else { return nil }
    return Int(source)
  }

  private static func address(_ bytes: ByteBuffer, port: Int) throws(ProxyHeaderError) -> SocketAddress {
    guard let address = try? SocketAddress(packedIPAddress: bytes, port: port) else { throw .address }
    return address
  }

  /// Those of the added values that mean something here.
  private struct Added {
    var tls: FrontTLS?
    /// Where the checksum's four bytes are behind the fixed part.
    var checksumPlace: Int?
  }

  private static func readAdded(
    from rest: inout ByteBuffer, limits: ProxyHeaderLimits
  ) throws(ProxyHeaderError) -> Added {
    var added = Added()
    var values = limits.values
    while let (type, value) = try readValue(from: &rest, values: &values, limits: limits) {
      switch type {
      case ValueType.tls:
        if let tls = try readTLS(value, values: &values, limits: limits) { added.tls = tls }
      case ValueType.checksum:
        guard value.readableBytes == 4 else { throw .value(type: type, length: value.readableBytes, left: 4) }
        added.checksumPlace = rest.readerIndex - 4
      default: break
      }
    }
    return added
  }

  /// Nil when the client did not come by TLS.
  private static func readTLS(
    _ value: ByteBuffer, values: inout Int, limits: ProxyHeaderLimits
  ) throws(ProxyHeaderError) -> FrontTLS? {
    var value = value
    // Which of TLS, a certificate on this connection, one in this session; then zero if it was verified.
    guard let client = value.readInteger(as: UInt8.self), let verify = value.readInteger(as: UInt32.self) else {
      throw .value(type: ValueType.tls, length: value.readableBytes, left: 5)
    }
    guard client & 0x01 != 0 else { return nil }
    var found = FrontTLS(isVerified: client & 0x06 != 0 && verify == 0)
    while let (type, text) = try readValue(from: &value, values: &values, limits: limits) {
      switch type {
      case ValueType.tlsVersion: found.version = printable(text)
      case ValueType.commonName: found.commonName = printable(text)
      default: break
      }
    }
    return found
  }

  /// The sum is over the whole header with zeros in its own place (section 2.2.3).
  private static func check(_ header: ByteBufferView, checksumAt place: Int) throws(ProxyHeaderError) {
    let own = place..<place + 4
    let stated = header.dropFirst(place).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let computed = CRC32C.checksum(of: header.enumerated().lazy.map { own.contains($0.offset) ? 0 : $0.element })
    guard stated == computed else { throw .checksum(stated: stated, computed: computed) }
  }

  private static func readValue(
    from rest: inout ByteBuffer, values: inout Int, limits: ProxyHeaderLimits
  ) throws(ProxyHeaderError) -> (type: UInt8, value: ByteBuffer)? {
    guard let type = rest.readInteger(as: UInt8.self) else { return nil }
    guard values > 0 else { throw .tooManyValues(limit: limits.values) }
    values -= 1
    guard let length = rest.readInteger(as: UInt16.self) else {
      throw .value(type: type, length: 0, left: rest.readableBytes)
    }
    guard let value = rest.readSlice(length: Int(length)) else {
      throw .value(type: type, length: Int(length), left: rest.readableBytes)
    }
    return (type, value)
  }

  private static func printable(_ bytes: ByteBuffer) -> String {
    String(decoding: bytes.readableBytesView.prefix(256), as: UTF8.self)
  }

  private enum ValueType {
    static let checksum: UInt8 = 0x03
    static let tls: UInt8 = 0x20
    static let tlsVersion: UInt8 = 0x21
    static let commonName: UInt8 = 0x22
  }
}
