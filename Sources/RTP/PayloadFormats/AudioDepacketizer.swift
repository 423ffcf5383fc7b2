import NIOCore

/// Opus and G.711: each payload is a frame (RFC 7587, section 4.2; RFC 3551, section 4.5.14).
public struct AudioDepacketizer: Sendable {
  private var gate = SequenceGate()

  /// A stream that begins with the next packet.
  public init() {}

  /// Takes the next packet in the order of sequence numbers; gaps are allowed.
  ///
  /// - Returns: The frame; nil for a repeated or late packet.
  /// - Throws: `emptyFrame` for a packet without payload.
  public mutating func receive(_ packet: RTPPacket) throws(RTPError) -> DepacketizedFrame? {
    guard gate.pass(packet.header.sequenceNumber) != .refused else { return nil }
    guard packet.payload.readableBytes > 0 else { throw .emptyFrame }
    return DepacketizedFrame(
      timestamp: packet.header.timestamp, isKeyFrame: true, packetsLostBefore: gate.takeLost(), data: packet.payload)
  }
}
