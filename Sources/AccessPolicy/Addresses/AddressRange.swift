/// A run of addresses of one family, both ends included.
public enum AddressRange: Sendable, Hashable {
  /// IPv4 addresses.
  case v4(ClosedRange<UInt32>)
  /// IPv6 addresses. Those that map IPv4 (`::ffff:0:0/96`) never come up as IPv6, whatever the range covers.
  case v6(ClosedRange<UInt128>)

  /// One address alone.
  public init(_ address: IPAddress) {
    switch address {
    case .v4(let value): self = .v4(value...value)
    case .v6(let value): self = .v6(value...value)
    }
  }

  /// All addresses that begin with the first `prefix` bits of `address`; nil for more bits than there are.
  public init?(_ address: IPAddress, prefix: Int) {
    switch address {
    case .v4(let value):
      guard (0...32).contains(prefix) else { return nil }
      self = .v4(Self.block(value, prefix: prefix))
    case .v6(let value):
      guard (0...128).contains(prefix) else { return nil }
      self = .v6(Self.block(value, prefix: prefix))
    }
  }

  /// From one address to another; nil if they are of two families or the last comes before the first.
  public init?(from first: IPAddress, through last: IPAddress) {
    switch (first, last) {
    case (.v4(let low), .v4(let high)) where low <= high: self = .v4(low...high)
    case (.v6(let low), .v6(let high)) where low <= high: self = .v6(low...high)
    default: return nil
    }
  }

  /// Whether the address is one of these.
  public func contains(_ address: IPAddress) -> Bool {
    switch (self, address) {
    case (.v4(let range), .v4(let value)): range.contains(value)
    case (.v6(let range), .v6(let value)): range.contains(value)
    default: false
    }
  }

  /// The first address.
  public var first: IPAddress {
    switch self {
    case .v4(let range): .v4(range.lowerBound)
    case .v6(let range): IPAddress(ipv6: range.lowerBound)
    }
  }

  /// The last address.
  public var last: IPAddress {
    switch self {
    case .v4(let range): .v4(range.upperBound)
    case .v6(let range): IPAddress(ipv6: range.upperBound)
    }
  }

  private static func block<Value: FixedWidthInteger & UnsignedInteger>(
    _ value: Value, prefix: Int
  ) -> ClosedRange<Value> {
    // A shift by the whole width gives zero: the mask of an empty prefix.
    let mask = Value.max << Value(Value.bitWidth - prefix)
    return (value & mask)...(value | ~mask)
  }
}

extension AddressRange: CustomStringConvertible {
  /// An address, a CIDR block, or `A-B`: the shortest that means the same, and reads back the same.
  public var description: String {
    switch self {
    case .v4(let range): Self.text(range, address: IPAddress.init(ipv4:))
    case .v6(let range): Self.text(range, address: IPAddress.v6)
    }
  }

  private static func text<Value: FixedWidthInteger & UnsignedInteger>(
    _ range: ClosedRange<Value>, address: (Value) -> IPAddress
  ) -> String {
    let (low, high) = (range.lowerBound, range.upperBound)
    let differing = Value.bitWidth - (low ^ high).leadingZeroBitCount
    guard low != high else { return "\(address(low))" }
    // A block begins with zeros and ends with ones in all the bits in which its ends differ.
    let mask = differing == Value.bitWidth ? Value.max : (Value(1) << Value(differing)) - 1
    if low & mask == 0, high & mask == mask { return "\(address(low))/\(Value.bitWidth - differing)" }
    return "\(address(low))-\(address(high))"
  }
}
