import NIOCore

/// One end of a captured connection.
public struct CapturedEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 address as text.
  public let address: String
  /// The TCP port.
  public let port: UInt16

  /// An end by its address and port.
  public init(address: String, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// From the 4 or 16 bytes of an address.
  init?(packed: ByteBuffer, port: UInt16) {
    guard let address = try? SocketAddress(packedIPAddress: packed, port: Int(port)).ipAddress else { return nil }
    self.init(address: address, port: port)
  }

  /// `192.0.2.1:1935`, `[2001:db8::1]:1935`.
  public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
