/// Counts bytes both ways for the acknowledgements of spec 5.4.3 to 5.4.5.
struct AcknowledgementWindow: Sendable, Hashable {
  /// After so many bytes received, the peer wants to hear of it.
  private(set) var incoming = Self.usual
  /// Bytes received since the connection began, handshake included.
  private(set) var received: UInt64 = 0
  private var acknowledged: UInt64 = 0
  /// The last the peer told us it received, modulo 2^32.
  private(set) var receivedByPeer: UInt32 = 0

  /// What servers announce and clients that say nothing expect.
  static let usual: UInt32 = 2_500_000
  /// Peers may ask to hear more often than this, but do not.
  private static let smallest: UInt32 = 4_096

  /// The peer's Window Acknowledgement Size.
  mutating func setIncoming(_ window: UInt32) {
    incoming = max(window, Self.smallest)
  }

  /// Bytes came in.
  mutating func receive(_ count: Int) {
    received &+= UInt64(count)
  }

  /// The peer's Acknowledgement.
  mutating func peerAcknowledged(_ bytes: UInt32) {
    receivedByPeer = bytes
  }

  /// The number to acknowledge now, when one is due.
  mutating func due() -> UInt32? {
    guard received &- acknowledged >= UInt64(incoming) else { return nil }
    acknowledged = received
    return UInt32(truncatingIfNeeded: received)
  }
}
