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

extension IPAddress {
  /// The address without its port; nil for a Unix socket.
  public init?(_ address: SocketAddress) {
    switch address {
    case .v4(let v4):
      self.init(ipv4: UInt32(bigEndian: v4.address.sin_addr.s_addr))
    case .v6(let v6):
      self.init(ipv6: withUnsafeBytes(of: v6.address.sin6_addr) { $0.reduce(0) { $0 << 8 | UInt128($1) } })
    case .unixDomainSocket:
      return nil
    }
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
