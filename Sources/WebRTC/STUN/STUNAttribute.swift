import NIOCore

/// One attribute of a STUN message (RFC 8489 section 14, RFC 8445 section 16.1). What is not known is kept as bytes.
public enum STUNAttribute: Hashable, Sendable {
  case username(String)
  case messageIntegrity([UInt8])
  case errorCode(Int, reason: String)
  case unknownAttributes([UInt16])
  case xorMappedAddress(SocketAddress)
  case priority(UInt32)
  case useCandidate
  case software(String)
  case fingerprint(UInt32)
  case iceControlled(tieBreaker: UInt64)
  case iceControlling(tieBreaker: UInt64)
  case other(type: UInt16, ByteBuffer)
}

/// The numbers of the attributes (IANA, STUN Attributes).
enum STUNAttributeType {
  static let username: UInt16 = 0x0006
  static let messageIntegrity: UInt16 = 0x0008
  static let errorCode: UInt16 = 0x0009
  static let unknownAttributes: UInt16 = 0x000A
  static let xorMappedAddress: UInt16 = 0x0020
  static let priority: UInt16 = 0x0024
  static let useCandidate: UInt16 = 0x0025
  static let software: UInt16 = 0x8022
  static let fingerprint: UInt16 = 0x8028
  static let iceControlled: UInt16 = 0x8029
  static let iceControlling: UInt16 = 0x802A
}

extension STUNAttribute {
  /// Reads the value of one attribute. `value` holds exactly its bytes, padding removed.
  static func read(type: UInt16, value: ByteBuffer, transaction: STUNTransactionID) throws(WebRTCError)
    -> STUNAttribute
  {
    var value = value
    let count = value.readableBytes
    switch type {
    case STUNAttributeType.username:
      // RFC 8489 section 14.3: fewer than 509 bytes.
      guard count < 509 else { throw .stun(.wrongAttributeSize(type: type, count: count)) }
      return .username(String(buffer: value))
    case STUNAttributeType.messageIntegrity where count == 20:
      return .messageIntegrity(Array(value.readableBytesView))
    case STUNAttributeType.priority:
      if count == 4, let number: UInt32 = value.readInteger() { return .priority(number) }
    case STUNAttributeType.fingerprint:
      if count == 4, let number: UInt32 = value.readInteger() { return .fingerprint(number) }
    case STUNAttributeType.useCandidate where count == 0:
      return .useCandidate
    case STUNAttributeType.iceControlled:
      if count == 8, let number: UInt64 = value.readInteger() { return .iceControlled(tieBreaker: number) }
    case STUNAttributeType.iceControlling:
      if count == 8, let number: UInt64 = value.readInteger() { return .iceControlling(tieBreaker: number) }
    case STUNAttributeType.xorMappedAddress:
      if let address = STUNXorAddress.read(&value, transaction: transaction) { return .xorMappedAddress(address) }
    case STUNAttributeType.errorCode:
      if let word: UInt32 = value.readInteger() {
        return .errorCode(Int(word >> 8 & 7) * 100 + Int(word & 0xFF), reason: String(buffer: value))
      }
    case STUNAttributeType.unknownAttributes where count % 2 == 0:
      var types: [UInt16] = []
      while let next: UInt16 = value.readInteger() { types.append(next) }
      return .unknownAttributes(types)
    case STUNAttributeType.software where count < 764:
      return .software(String(buffer: value))
    default:
      // A known type reaches this case only by a size its `where` clause refused.
      if !Self.isKnown(type) { return .other(type: type, value) }
    }
    throw .stun(.wrongAttributeSize(type: type, count: count))
  }

  /// The type's number.
  var type: UInt16 {
    switch self {
    case .username: STUNAttributeType.username
    case .messageIntegrity: STUNAttributeType.messageIntegrity
    case .errorCode: STUNAttributeType.errorCode
    case .unknownAttributes: STUNAttributeType.unknownAttributes
    case .xorMappedAddress: STUNAttributeType.xorMappedAddress
    case .priority: STUNAttributeType.priority
    case .useCandidate: STUNAttributeType.useCandidate
    case .software: STUNAttributeType.software
    case .fingerprint: STUNAttributeType.fingerprint
    case .iceControlled: STUNAttributeType.iceControlled
    case .iceControlling: STUNAttributeType.iceControlling
    case .other(let type, _): type
    }
  }

  /// Writes type, length, value and padding.
  func write(into buffer: inout ByteBuffer, transaction: STUNTransactionID) {
    var value = ByteBuffer()
    switch self {
    case .username(let text), .software(let text): value.writeString(text)
    case .messageIntegrity(let bytes): value.writeBytes(bytes)
    case .errorCode(let code, let reason):
      value.writeInteger(UInt32(clamping: code / 100) << 8 | UInt32(clamping: code % 100))
      value.writeString(reason)
    case .unknownAttributes(let types): for type in types { value.writeInteger(type) }
    case .xorMappedAddress(let address): STUNXorAddress.write(address, transaction: transaction, into: &value)
    case .priority(let number), .fingerprint(let number): value.writeInteger(number)
    case .useCandidate: break
    case .iceControlled(let number), .iceControlling(let number): value.writeInteger(number)
    case .other(_, let bytes): value.writeImmutableBuffer(bytes)
    }
    buffer.writeInteger(self.type)
    buffer.writeInteger(UInt16(clamping: value.readableBytes))
    let padding = (4 - value.readableBytes % 4) % 4
    buffer.writeBuffer(&value)
    buffer.writeRepeatingByte(0, count: padding)
  }

  static func isKnown(_ type: UInt16) -> Bool {
    switch type {
    case STUNAttributeType.username, STUNAttributeType.messageIntegrity, STUNAttributeType.errorCode,
      STUNAttributeType.unknownAttributes, STUNAttributeType.xorMappedAddress, STUNAttributeType.priority,
      STUNAttributeType.useCandidate, STUNAttributeType.software, STUNAttributeType.fingerprint,
      STUNAttributeType.iceControlled, STUNAttributeType.iceControlling:
      true
    default: false
    }
  }
}
