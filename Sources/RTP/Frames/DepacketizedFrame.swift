import NIOCore

/// One whole encoded frame, joined from RTP payloads.
public struct DepacketizedFrame: Sendable, Hashable {
  /// The time stamp on the wire.
  public let timestamp: UInt32
  /// Whether a decoder that has seen nothing before can start here. Always true for sound.
  public let isKeyFrame: Bool
  /// Packets that are missing between the frame handed out before and this one. After a loss, a picture other than a
  /// key frame may refer to what is not there.
  public let packetsLostBefore: Int
  /// The frame. H.264 comes as NAL units with four-byte lengths.
  public let data: ByteBuffer
}
