import FLV
import Media
import NIOCore
import RTP

/// Cuts frames that pass through into RTP payloads.
struct PassThroughPacketizer {
  private var h264: H264Packetizer

  /// Nil when the source does not pass through, or its configuration makes no sense.
  init?(_ source: SourceFormat, maximumPayload: Int) {
    guard case .video(let format, reorders: false) = source, format.codec == .h264,
      let record = format.configuration, let configuration = try? AVCDecoderConfiguration(parsing: record),
      let framing = NALUnitFraming(nalLengthSize: configuration.nalLengthSize)
    else { return nil }
    h264 = H264Packetizer(framing: framing, maximumPayload: maximumPayload)
    guard
      (try? h264.setParameterSets(
        sequence: configuration.sequenceParameterSets, picture: configuration.pictureParameterSets)) != nil
    else { return nil }
  }

  /// Nil when the frame is not what its codec says, or holds no picture.
  mutating func packetize(_ frame: EncodedFrame) -> PacketizedFrame? {
    let ticks = StreamClock.ticks(ofMediaTime: frame.time, clockRate: PayloadCodec.h264.clockRate)
    return try? h264.packetize(frame.data, mediaTime: ticks)
  }
}
