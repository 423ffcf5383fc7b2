import NIOCore
import RTP

/// Makes whole frames again of the packets that receivers get.
struct FrameJoiner {
  private enum Format {
    case h264(H264Depacketizer)
    case vp8(VP8Depacketizer)
    /// A packet is a frame.
    case sound
  }

  private var format: Format
  private var sequence: UInt16 = 0

  init(_ codec: PayloadCodec) {
    switch codec {
    case .h264: format = .h264(H264Depacketizer())
    case .vp8: format = .vp8(VP8Depacketizer())
    case .opus, .pcmu, .pcma: format = .sound
    }
  }

  /// The frame's bytes: H.264 as NAL units with four-byte lengths; nil when receivers could not join it.
  mutating func join(_ frame: PacketizedFrame) -> ByteBuffer? {
    var joined: ByteBuffer?
    for index in 0..<frame.count {
      sequence &+= 1
      if case .sound = format { return frame.payload(index) }
      let header = RTPHeader(
        marker: frame.marker(index), payloadType: 96, sequenceNumber: sequence,
        timestamp: UInt32(truncatingIfNeeded: frame.mediaTime), ssrc: 1)
      joined = take(RTPPacket(header: header, payload: frame.payload(index))) ?? joined
    }
    return joined
  }

  private mutating func take(_ packet: RTPPacket) -> ByteBuffer? {
    switch format {
    case .h264(var depacketizer):
      defer { format = .h264(depacketizer) }
      return (try? depacketizer.receive(packet))??.data
    case .vp8(var depacketizer):
      defer { format = .vp8(depacketizer) }
      return (try? depacketizer.receive(packet))??.data
    case .sound: return packet.payload
    }
  }
}
