import NIOCore

/// A block of IP addresses in CIDR notation (RFC 4632; RFC 4291, section 2.3).
public struct AddressBlock: Sendable, Hashable {
  private let network: IPNumber
  /// Leading bits that count, of 128; IPv4 has 96 more than are written.
  private let length: Int

  /// Reads `ADDRESS` or `ADDRESS/BITS`; nil when it is neither, or when bits are set that do not count: whoever writes
  /// `10.0.0.1/8` may mean something else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let network = IPNumber(parts[0]) else { return nil }
    let widest = parts[0].contains(":") ? 128 : 32
    var length = 128
    if parts.count == 2 {
      guard let bits = Self.decimal(parts[1]), bits <= widest else { return nil }
      length = 128 - widest + bits
    }
    let mask = Self.mask(length)
    guard network.bits & ~mask == 0 else { return nil }
    self.network = network
    self.length = length
  }

  /// Whether the address lies in the block. A block of IPv6 that is wider than all mapped IPv4 holds no IPv4 address.
  public func contains(_ address: SocketAddress) -> Bool {
    IPNumber(address).map(contains) ?? false
  }

  func contains(_ number: IPNumber) -> Bool {
    if number.isIPv4, length < 96 { return false }
    return number.bits & Self.mask(length) == network.bits
  }

  private static func mask(_ length: Int) -> UInt128 { length == 0 ? 0 : .max << (128 - length) }

  private static func decimal(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}

/// The proxies whose word about a client's address is taken.
public struct TrustedProxies: Sendable, Hashable {
  /// Where they come from.
  public var blocks: [AddressBlock]

  /// Trusts whoever comes from one of `blocks`.
  public init(_ blocks: [AddressBlock]) {
    self.blocks = blocks
  }

  /// Whether `address` is one of theirs.
  public func contains(_ address: SocketAddress) -> Bool {
    IPNumber(address).map(contains) ?? false
  }

  func contains(_ number: IPNumber) -> Bool { blocks.contains { $0.contains(number) } }
}
