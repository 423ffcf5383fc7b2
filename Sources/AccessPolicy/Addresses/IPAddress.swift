/// The address of a client: IPv4 or IPv6, without port or zone.
///
/// There is one value for each client: an IPv4 address that comes mapped into IPv6 (`::ffff:10.1.2.3`, RFC 4291 section
/// 2.5.5.2), as sockets of both families give it, is the IPv4 address.
public enum IPAddress: Sendable, Hashable {
  /// IPv4, the first octet in the highest bits.
  case v4(UInt32)
  /// IPv6, the first octet in the highest bits; never one of `::ffff:0:0/96`.
  case v6(UInt128)

  /// An IPv4 address from its value, the first octet in the highest bits.
  public init(ipv4 value: UInt32) {
    self = .v4(value)
  }

  /// An IPv6 address from its value, the first octet in the highest bits; a mapped one becomes IPv4.
  public init(ipv6 value: UInt128) {
    if value >> 32 == Self.mappedPrefix {
      self = .v4(UInt32(truncatingIfNeeded: value))
    } else {
      self = .v6(value)
    }
  }

  /// An address from its 4 or 16 bytes in network order; nil for any other number of bytes.
  public init?(bytes: some Collection<UInt8>) {
    switch bytes.count {
    case 4: self.init(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    case 16: self.init(ipv6: bytes.reduce(0) { $0 << 8 | UInt128($1) })
    default: return nil
    }
  }

  /// The 4 or 16 bytes in network order.
  public var bytes: [UInt8] {
    switch self {
    case .v4(let value): (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    case .v6(let value): (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(120 - 8 * $0)) }
    }
  }

  /// Whether it is IPv6.
  public var isIPv6: Bool {
    if case .v6 = self { true } else { false }
  }

  /// What stands above the 32 bits of an IPv4 address in IPv6.
  static let mappedPrefix: UInt128 = 0xFFFF
}
