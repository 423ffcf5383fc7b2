import NIOCore

/// The 96 bits that tie an answer to its request (RFC 8489 section 5).
public struct STUNTransactionID: Hashable, Sendable {
  let high: UInt32
  let low: UInt64

  /// A new random one.
  public init(using random: inout some RandomNumberGenerator) {
    self.init(
      high: UInt32.random(in: .min ... .max, using: &random), low: UInt64.random(in: .min ... .max, using: &random))
  }

  init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  func write(into buffer: inout ByteBuffer) {
    buffer.writeInteger(self.high)
    buffer.writeInteger(self.low)
  }
}

/// One STUN message (RFC 8489 section 5).
public struct STUNMessage: Hashable, Sendable {
  /// What the message is for (RFC 8489 section 3): bits C1 and C0 of the type.
  public enum Class: UInt16, Sendable {
    case request = 0x000
    case indication = 0x010
    case success = 0x100
    case failure = 0x110
  }

  /// Request, indication, or which kind of answer.
  public var messageClass: Class
  /// 1 is Binding, the only one ICE uses.
  public var method: UInt16
  /// Chosen by who asks, repeated by who answers.
  public var transactionID: STUNTransactionID
  /// In order of appearance. What follows MESSAGE-INTEGRITY, FINGERPRINT apart, was left out (section 14.5).
  public var attributes: [STUNAttribute]

  /// A message; integrity and fingerprint are added by `encoded`.
  public init(
    _ messageClass: Class, method: UInt16 = Self.binding, transactionID: STUNTransactionID,
    attributes: [STUNAttribute] = []
  ) {
    self.messageClass = messageClass
    self.method = method
    self.transactionID = transactionID
    self.attributes = attributes
  }

  /// The method number of Binding.
  public static let binding: UInt16 = 0x001
  static let cookie: UInt32 = 0x2112_A442
  static let headerSize = 20
  /// No real check has a third of this; it bounds the work a hostile datagram can ask for.
  static let maximumAttributes = 32
}

// MARK: - Reading

extension STUNMessage {
  /// Reads a datagram. Integrity and fingerprint are looked at by `STUNIntegrity`, not here.
  public init(parsing datagram: ByteBuffer) throws(WebRTCError) {
    var walk = try STUNAttributeWalk(datagram)
    self.init(walk.messageClass, method: walk.method, transactionID: walk.transactionID)
    var isAfterIntegrity = false
    while let (type, value) = try walk.next() {
      // Only FINGERPRINT may follow MESSAGE-INTEGRITY; anything else there is not protected, so it does not count.
      if isAfterIntegrity, type != STUNAttributeType.fingerprint { continue }
      self.attributes.append(try STUNAttribute.read(type: type, value: value, transaction: self.transactionID))
      if type == STUNAttributeType.messageIntegrity { isAfterIntegrity = true }
    }
  }

  /// The part of USERNAME before the colon, which is the local fragment of whoever receives a check (RFC 8445
  /// section 7.2.2). A quick look that finds the session a datagram belongs to; nothing is verified.
  public static func localUfrag(of datagram: ByteBuffer) -> String? {
    guard DatagramKind(of: datagram) == .stun, var walk = try? STUNAttributeWalk(datagram),
      walk.messageClass == .request
    else { return nil }
    while let (type, value) = try? walk.next() {
      guard type == STUNAttributeType.username else { continue }
      let view = value.readableBytesView
      // RFC 8839 section 5.4: a fragment has 4 to 256 characters.
      guard let colon = view.prefix(257).firstIndex(of: UInt8(ascii: ":")), colon - view.startIndex >= 4 else {
        return nil
      }
      return String(decoding: view[..<colon], as: UTF8.self)
    }
    return nil
  }

  var username: String? {
    for case .username(let name) in self.attributes { return name }
    return nil
  }

  var priority: UInt32? {
    for case .priority(let number) in self.attributes { return number }
    return nil
  }

  var nominates: Bool { self.attributes.contains(.useCandidate) }

  /// Types below 0x8000 that we do not know: the sender wants a refusal then (RFC 8489 section 6.3.1).
  var notUnderstood: [UInt16] {
    self.attributes.compactMap { attribute in
      if case .other(let type, _) = attribute, type < 0x8000 { type } else { nil }
    }
  }
}

/// Steps through the attributes of a datagram; every length is checked against what is there.
struct STUNAttributeWalk {
  let messageClass: STUNMessage.Class
  let method: UInt16
  let transactionID: STUNTransactionID
  private var rest: ByteBuffer
  private var count = 0

  init(_ datagram: ByteBuffer) throws(WebRTCError) {
    var rest = datagram
    let present = rest.readableBytes
    guard present >= STUNMessage.headerSize,
      let (type, length, cookie) = rest.readMultipleIntegers(as: (UInt16, UInt16, UInt32).self),
      let (high, low) = rest.readMultipleIntegers(as: (UInt32, UInt64).self)
    else { throw .stun(.truncatedHeader(count: present)) }
    guard type & 0xC000 == 0, let messageClass = STUNMessage.Class(rawValue: type & 0x110) else {
      throw .stun(.notSTUN(firstByte: UInt8(type >> 8)))
    }
    guard cookie == STUNMessage.cookie else { throw .stun(.wrongCookie(cookie)) }
    guard length % 4 == 0, Int(length) == rest.readableBytes else {
      throw .stun(.wrongLength(stated: Int(length), present: rest.readableBytes))
    }
    self.messageClass = messageClass
    self.method = type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2
    self.transactionID = STUNTransactionID(high: high, low: low)
    self.rest = rest
  }

  mutating func next() throws(WebRTCError) -> (type: UInt16, value: ByteBuffer)? {
    guard let (type, length) = self.rest.readMultipleIntegers(as: (UInt16, UInt16).self) else { return nil }
    self.count += 1
    guard self.count <= STUNMessage.maximumAttributes else {
      throw .stun(.tooManyAttributes(limit: STUNMessage.maximumAttributes))
    }
    let present = self.rest.readableBytes
    let padded = (Int(length) + 3) & ~3
    guard padded <= present, let value = self.rest.readSlice(length: Int(length)) else {
      throw .stun(.truncatedAttribute(type: type, stated: Int(length), present: present))
    }
    self.rest.moveReaderIndex(forwardBy: padded - Int(length))
    return (type, value)
  }
}

// MARK: - Writing

extension STUNMessage {
  /// The datagram, with MESSAGE-INTEGRITY under `key` if there is one, and with FINGERPRINT.
  public func encoded(integrityKey key: String?) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(
      self.messageClass.rawValue | self.method & 0x000F | (self.method & 0x0070) << 1 | (self.method & 0x0F80) << 2)
    buffer.writeInteger(UInt16(0))
    buffer.writeInteger(Self.cookie)
    self.transactionID.write(into: &buffer)
    for attribute in self.attributes { attribute.write(into: &buffer, transaction: self.transactionID) }
    buffer.setInteger(UInt16(clamping: buffer.readableBytes - Self.headerSize), at: 2)
    if let key {
      let digest = STUNIntegrity.digest(
        of: buffer.readableBytesView, statedLength: buffer.readableBytes + 24 - Self.headerSize, key: key)
      STUNAttribute.messageIntegrity(digest).write(into: &buffer, transaction: self.transactionID)
    }
    buffer.setInteger(UInt16(clamping: buffer.readableBytes + 8 - Self.headerSize), at: 2)
    let check = STUNIntegrity.fingerprint(of: buffer.readableBytesView)
    STUNAttribute.fingerprint(check).write(into: &buffer, transaction: self.transactionID)
    return buffer
  }
}
