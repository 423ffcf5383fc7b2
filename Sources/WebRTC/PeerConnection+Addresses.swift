import NIOCore

extension PeerConnection {
  /// Whether the peer has shown by an authenticated check that it is at this address. The owner of the shared port
  /// brings such an address's datagrams here without looking into them.
  public func accepts(_ address: SocketAddress) -> Bool { ice.isValid(address) }
}
