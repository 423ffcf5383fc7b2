import AccessPolicy
import NIOCore

extension IPAddress {
  /// The address of a socket's end, without its port; nil for a local socket.
  public init?(_ address: SocketAddress) {
    switch address {
    case .v4(let v4): self.init(ipv4: UInt32(bigEndian: v4.address.sin_addr.s_addr))
    case .v6(let v6):
      // Loads from the value in place: no array.
      let value = withUnsafeBytes(of: v6.address.sin6_addr) { $0.loadUnaligned(as: UInt128.self) }
      self.init(ipv6: UInt128(bigEndian: value))
    case .unixDomainSocket: return nil
    }
  }
}
