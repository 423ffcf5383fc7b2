import AccessPolicy
import NIOCore

/// The proxies whose word about a client's address is taken.
public struct TrustedProxies: Sendable, Hashable {
  /// Where they come from.
  public var ranges: [AddressRange]

  /// Trusts whoever comes from one of `ranges`.
  public init(_ ranges: [AddressRange]) {
    self.ranges = ranges
  }

  /// Whether `address` is one of theirs.
  public func contains(_ address: SocketAddress) -> Bool {
    guard let address = IPAddress(address) else { return false }
    return ranges.contains { $0.contains(address) }
  }
}

extension SocketAddress {
  /// An address with a port.
  init?(_ address: IPAddress, port: Int) {
    guard let made = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: address.bytes), port: port) else {
      return nil
    }
    self = made
  }

  /// An IPv4 address that came to an IPv6 socket as IPv4; all others as they are.
  var unmapped: SocketAddress {
    guard case .v6 = self, let address = IPAddress(self), !address.isIPv6 else { return self }
    return SocketAddress(address, port: port ?? 0) ?? self
  }
}
