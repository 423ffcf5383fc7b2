import AccessPolicy
import NIOCore

/// A peer's address and port as a table's key: cheaper to hash and to compare than a `SocketAddress`.
struct RemoteAddress: Hashable {
  private let high: UInt64
  private let low: UInt64
  private let port: UInt32

  /// Nil for what is not an IP address.
  init?(_ address: SocketAddress) {
    switch address {
    case .v4(let address):
      high = 0
      low = UInt64(address.address.sin_addr.s_addr)
      port = UInt32(address.address.sin_port)
    case .v6(let address):
      var bytes = address.address.sin6_addr
      (high, low) = withUnsafeBytes(of: &bytes) {
        ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      }
      // An IPv6 address is never the key of an IPv4 one, even where its last half is the same.
      // Nor is a TCP connection's that of a UDP peer.
      port = UInt32(address.address.sin6_port) | (address.address.sin6_flowinfo == 0 ? 0x1_0000 : 0x2_0000)
    case .unixDomainSocket: return nil
    }
  }

  /// The address alone.
  var ipAddress: IPAddress {
    if port <= UInt16.max { return IPAddress(ipv4: UInt32(bigEndian: UInt32(truncatingIfNeeded: low))) }
    return IPAddress(ipv6: UInt128(UInt64(bigEndian: high)) << 64 | UInt128(UInt64(bigEndian: low)))
  }
}
