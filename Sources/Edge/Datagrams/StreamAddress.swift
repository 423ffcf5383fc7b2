import Glibc
import NIOCore

extension SocketAddress {
  /// The same address as that of a TCP connection which carries datagrams.
  ///
  /// Peers, arenas and tables know addresses alone, and a UDP and a TCP port of one number are two. Those of TCP are told
  /// apart by a flow label (RFC 6437) that no received datagram shows, for the kernel gives none unless it is asked to;
  /// IPv4 is mapped into IPv6 for that.
  func asStream() -> SocketAddress? {
    guard var address = asIPv6() else { return nil }
    address.sin6_flowinfo = Self.streamLabel
    return SocketAddress(address, host: "")
  }

  /// Whether this stands for a TCP connection.
  var isStream: Bool {
    guard case .v6(let address) = self else { return false }
    return address.address.sin6_flowinfo == Self.streamLabel
  }

  private func asIPv6() -> sockaddr_in6? {
    switch self {
    case .v6(let address): return address.address
    case .v4(let address):
      var mapped = sockaddr_in6()
      mapped.sin6_family = sa_family_t(AF_INET6)
      mapped.sin6_port = address.address.sin_port
      withUnsafeMutableBytes(of: &mapped.sin6_addr) { bytes in
        bytes[10] = 0xFF
        bytes[11] = 0xFF
        withUnsafeBytes(of: address.address.sin_addr) { bytes[12...].copyBytes(from: $0) }
      }
      return mapped
    case .unixDomainSocket: return nil
    }
  }

  private static let streamLabel = UInt32(0x7C9).bigEndian
}
