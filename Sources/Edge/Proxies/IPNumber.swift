import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An IP address as a number: IPv4 as the IPv6 address that maps it (RFC 4291, section 2.5.5.2), so that one client is
/// one number whichever socket it came to.
struct IPNumber: Sendable, Hashable {
  let bits: UInt128

  static let mappedPrefix: UInt128 = 0xFFFF << 32

  var isIPv4: Bool { bits >> 32 == 0xFFFF }

  init(bits: UInt128) {
    self.bits = bits
  }

  /// Nil for a Unix socket.
  init?(_ address: SocketAddress) {
    switch address {
    case .v4(let v4):
      bits = Self.mappedPrefix | UInt128(UInt32(bigEndian: v4.address.sin_addr.s_addr))
    case .v6(let v6):
      bits = withUnsafeBytes(of: v6.address.sin6_addr) { $0.reduce(0) { $0 << 8 | UInt128($1) } }
    case .unixDomainSocket:
      return nil
    }
  }

  /// The address with a port; IPv4 as IPv4.
  func address(port: Int) -> SocketAddress? {
    var bytes = ByteBuffer()
    if isIPv4 {
      bytes.writeInteger(UInt32(truncatingIfNeeded: bits))
    } else {
      bytes.writeInteger(UInt64(truncatingIfNeeded: bits >> 64))
      bytes.writeInteger(UInt64(truncatingIfNeeded: bits))
    }
    return try? SocketAddress(packedIPAddress: bytes, port: port)
  }

  /// Dotted or colon notation, without brackets, port or zone.
  init?(_ text: some StringProtocol) {
    // A NUL would end the C string early and hide what follows it.
    guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
    let text = String(text)
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      bits = Self.mappedPrefix | UInt128(UInt32(bigEndian: v4.s_addr))
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      bits = withUnsafeBytes(of: v6) { $0.reduce(0) { $0 << 8 | UInt128($1) } }
    } else {
      return nil
    }
  }
}

extension SocketAddress {
  /// An IPv4 address that came to an IPv6 socket as IPv4; all others as they are.
  var unmapped: SocketAddress {
    guard case .v6 = self, let number = IPNumber(self), number.isIPv4 else { return self }
    return number.address(port: port ?? 0) ?? self
  }
}
