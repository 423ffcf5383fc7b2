import Media
import RTP

/// Cuts encoded pictures of a `VideoTarget` into RTP payloads.
struct PicturePacketizer {
  private let codec: VideoTarget.Codec
  // Both, for they are small, and a packetiser inside of an enum would be copied with each frame.
  private var vp8: VP8Packetizer
  private var h264: H264Packetizer

  init(_ codec: VideoTarget.Codec, maximumPayload: Int) {
    self.codec = codec
    var random = SystemRandomNumberGenerator()
    vp8 = VP8Packetizer(maximumPayload: maximumPayload, using: &random)
    h264 = H264Packetizer(framing: .annexB, maximumPayload: maximumPayload)
  }

  /// Nil for what is no frame of its codec.
  mutating func packetize(_ picture: EncodedFrame) -> PacketizedFrame? {
    switch codec {
    case .vp8: try? vp8.packetize(picture.data, mediaTime: Self.ticks(picture, .vp8))
    case .h264: try? h264.packetize(picture.data, mediaTime: Self.ticks(picture, .h264))
    }
  }

  private static func ticks(_ picture: EncodedFrame, _ codec: PayloadCodec) -> Int64 {
    StreamClock.ticks(ofMediaTime: picture.time, clockRate: codec.clockRate)
  }
}
