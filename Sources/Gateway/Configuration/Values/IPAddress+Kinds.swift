import AccessPolicy

extension IPAddress {
  static let loopback = IPAddress.v4(0x7F00_0001)

  /// `0.0.0.0` or `::`.
  var isWildcard: Bool { self == .v4(0) || self == .v6(0) }

  /// Reached from this machine only: 127.0.0.0/8 or `::1`.
  var isLoopback: Bool {
    switch self {
    case .v4(let value): value >> 24 == 127
    case .v6(let value): value == 1
    }
  }

  /// 224.0.0.0/4 or ff00::/8.
  var isMulticast: Bool {
    switch self {
    case .v4(let value): value >> 28 == 14
    case .v6(let value): value >> 120 == 0xFF
    }
  }
}
