extension IPAddress: CustomStringConvertible {
  /// Reads dotted decimal or RFC 4291 section 2.2 notation, without brackets, port or zone; nil if it is neither.
  ///
  /// A number with a leading zero is refused: some readers take it for octal, and a list must mean one thing.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    let parsed = text.withUTF8 { Self.parse($0) }
    guard let parsed else { return nil }
    self = parsed
  }

  /// The customary text; for IPv6 that of RFC 5952.
  public var description: String {
    switch self {
    case .v4: bytes.map(String.init).joined(separator: ".")
    case .v6(let value): Self.text(ipv6: value)
    }
  }

  /// Reads an address that fills `text` to its end.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> IPAddress? {
    text.contains(UInt8(ascii: ":")) ? parseIPv6(text).map(IPAddress.init(ipv6:)) : parseIPv4(text).map(IPAddress.v4)
  }

  private static func parseIPv4(_ text: some Collection<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    var octet: UInt32 = 0
    var digits = 0
    var octets = 0
    for byte in text {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if digits > 0, octet == 0 { return nil }
        octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        if octet > 255 { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, octets < 3 else { return nil }
        value = value << 8 | octet
        (octet, digits, octets) = (0, 0, octets + 1)
      default: return nil
      }
    }
    return octets == 3 && digits > 0 ? value << 8 | octet : nil
  }

  /// The groups before `::` and those behind it; `::` stands for at least one group.
  private static func parseIPv6(_ text: UnsafeBufferPointer<UInt8>) -> UInt128? {
    var head: UInt128 = 0
    var headCount = 0
    var tail: UInt128 = 0
    var tailCount = 0
    var isCompressed = false
    var index = 0
    func add(_ value: UInt128, bits: Int) {
      if isCompressed {
        (tail, tailCount) = (tail << UInt128(bits) | value, tailCount + bits / 16)
      } else {
        (head, headCount) = (head << UInt128(bits) | value, headCount + bits / 16)
      }
    }
    let colon = UInt8(ascii: ":")
    if text.count >= 2, text[0] == colon {
      guard text[1] == colon else { return nil }
      (isCompressed, index) = (true, 2)
    }
    while index < text.count {
      guard headCount + tailCount < 8 else { return nil }
      let end = text[index...].firstIndex(of: colon) ?? text.count
      if end == text.count, text[index...].contains(UInt8(ascii: ".")) {
        guard headCount + tailCount <= 6, let four = parseIPv4(text[index...]) else { return nil }
        add(UInt128(four), bits: 32)
        index = end
        break
      }
      guard let group = parseGroup(text[index..<end]) else { return nil }
      add(UInt128(group), bits: 16)
      index = end
      guard end < text.count else { break }
      index += 1
      // A colon at the end is none between two groups.
      if index == text.count { return nil }
      if text[index] == colon {
        if isCompressed { return nil }
        (isCompressed, index) = (true, index + 1)
      }
    }
    guard isCompressed else { return headCount == 8 ? head : nil }
    guard headCount + tailCount <= 7 else { return nil }
    return headCount == 0 ? tail : head << UInt128(128 - 16 * headCount) | tail
  }

  private static func parseGroup(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt16? {
    guard (1...4).contains(digits.count) else { return nil }
    var value: UInt16 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }

  /// RFC 5952 section 4: lower case, no leading zeros, `::` for the first longest run of two zero groups or more.
  private static func text(ipv6 value: UInt128) -> String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
    var longest = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(longest.count, 1) { longest = start..<index }
      start = index + 1
    }
    func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard !longest.isEmpty else { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}
