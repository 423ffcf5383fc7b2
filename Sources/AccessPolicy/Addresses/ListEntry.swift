/// One entry of a list: the addresses it means, and how it was written.
public struct ListEntry: Sendable, Hashable {
  /// The forms an entry may have.
  public enum Form: Sendable, Hashable {
    /// `10.1.2.3`
    case address
    /// `10.0.0.0/8`; `hostBits` when bits behind the prefix are set (`10.1.2.3/8`): they say nothing.
    case block(hostBits: Bool)
    /// `10.1.2.3-10.1.2.9`
    case range
    /// `10.60.147.*`, as old servers wrote it.
    case wildcard
  }

  /// The addresses.
  public let range: AddressRange
  /// How it was written.
  public let form: Form

  /// Why a text is no entry.
  public enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is neither an address, a block, a range nor a wildcard.
    case malformed
    /// What stands behind the slash is no number of bits from 0 to `most`.
    case prefix(most: Int)
    /// The ends of a range are of two families.
    case families
    /// The last address of a range comes before its first.
    case order
    /// A `*` stands before a number.
    case wildcard

    /// What to do, in one line.
    public var description: String {
      switch self {
      case .malformed: "write an address, a block (10.0.0.0/8), a range (A-B) or a wildcard (10.60.147.*)"
      case .prefix(let most): "the prefix must be a number from 0 to \(most)"
      case .families: "both ends of a range must be of one family"
      case .order: "the last address comes before the first: swap them"
      case .wildcard: "only the last numbers of an IPv4 address may be *: write a range"
      }
    }
  }
}

extension ListEntry {
  /// Reads an entry from a text without surrounding space.
  public init(parsing text: String) throws(Refusal) {
    var text = text
    // `withUTF8` rethrows untyped.
    self = try text.withUTF8 { bytes in Result { () throws(Refusal) in try Self(parsing: bytes) } }.get()
  }

  /// Reads an entry from UTF-8 without surrounding space.
  init(parsing text: UnsafeBufferPointer<UInt8>) throws(Refusal) {
    if let slash = text.firstIndex(of: UInt8(ascii: "/")) {
      self = try Self.block(text, slash: slash)
    } else if let hyphen = text.firstIndex(of: UInt8(ascii: "-")) {
      self = try Self.range(text, hyphen: hyphen)
    } else if text.contains(UInt8(ascii: "*")) {
      self = try Self.wildcard(text)
    } else {
      guard let address = IPAddress.parse(text) else { throw .malformed }
      self.init(range: AddressRange(address), form: .address)
    }
  }

  private static func block(_ text: UnsafeBufferPointer<UInt8>, slash: Int) throws(Refusal) -> ListEntry {
    let head = UnsafeBufferPointer(rebasing: text[..<slash])
    let digits = text[(slash + 1)...]
    guard let address = IPAddress.parse(head) else { throw .malformed }
    // `::ffff:10.0.0.0/104` counts the bits of the IPv6 form of what is an IPv4 address.
    let isMapped = !address.isIPv6 && head.contains(UInt8(ascii: ":"))
    let most = address.isIPv6 || isMapped ? 128 : 32
    guard (1...3).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { throw .prefix(most: most) }
    let bits = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    guard bits <= most else { throw .prefix(most: most) }
    let range: AddressRange?
    if isMapped, bits < 96 {
      range = AddressRange(.v6(wide(address)), prefix: bits)
    } else {
      range = AddressRange(address, prefix: isMapped ? bits - 96 : bits)
    }
    guard let range else { throw .prefix(most: most) }
    return ListEntry(range: range, form: .block(hostBits: range.first != address))
  }

  private static func wide(_ address: IPAddress) -> UInt128 {
    switch address {
    case .v4(let value): IPAddress.mappedPrefix << 32 | UInt128(value)
    case .v6(let value): value
    }
  }

  private static func range(_ text: UnsafeBufferPointer<UInt8>, hyphen: Int) throws(Refusal) -> ListEntry {
    let first = UnsafeBufferPointer(rebasing: text[..<hyphen]).withoutSurroundingSpace
    let last = UnsafeBufferPointer(rebasing: text[(hyphen + 1)...]).withoutSurroundingSpace
    guard let low = IPAddress.parse(first), let high = IPAddress.parse(last) else { throw .malformed }
    guard low.isIPv6 == high.isIPv6 else { throw .families }
    guard let range = AddressRange(from: low, through: high) else { throw .order }
    return ListEntry(range: range, form: .range)
  }

  /// `10.60.147.*`, `10.60.*.*`, and `10.60.*` for the latter.
  private static func wildcard(_ text: UnsafeBufferPointer<UInt8>) throws(Refusal) -> ListEntry {
    var value: UInt32 = 0
    var numbers = 0
    var stars = 0
    for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      if part.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) {
        stars += 1
        continue
      }
      guard (1...3).contains(part.count), part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        part.count == 1 || part.first != UInt8(ascii: "0")
      else { throw .malformed }
      let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
      guard stars == 0 else { throw .wildcard }
      guard number <= 255, numbers < 4 else { throw .malformed }
      value = value << 8 | number
      numbers += 1
    }
    guard stars > 0, (1...4).contains(numbers + stars), numbers > 0 || stars == 4 else { throw .malformed }
    let missing = UInt32(8 * (4 - numbers))
    let first = value << missing
    return ListEntry(range: .v4(first...(first | ~(UInt32.max << missing))), form: .wildcard)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Without spaces and tabs at both ends.
  var withoutSurroundingSpace: UnsafeBufferPointer<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return UnsafeBufferPointer(rebasing: self[0..<0])
    }
    return UnsafeBufferPointer(rebasing: self[first...last])
  }
}
