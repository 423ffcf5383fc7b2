import FLV
import Media
import NIOCore
import RTP

/// Cuts frames that pass through into RTP payloads.
struct PassThroughPacketizer {
  // One of the two; optionals, for what lies in an enum is copied when it changes.
  private var h264: H264Packetizer?
  private var g711: G711PassThrough?

  /// Nil when the source does not pass through, or its configuration makes no sense.
  init?(_ source: SourceFormat, maximumPayload: Int) {
    switch source.untouched {
    case .h264:
      guard case .video(let format, _) = source,
        let packetizer = H264Packetizer(passing: format, maximumPayload: maximumPayload)
      else { return nil }
      h264 = packetizer
    case .pcmu: g711 = G711PassThrough(.mu)
    case .pcma: g711 = G711PassThrough(.a)
    default: return nil
    }
  }

  /// Hands over what the frame becomes: one picture, or one or more packets of sound. Nothing when the frame is not
  /// what its codec says, or holds no picture.
  mutating func packetize(_ frame: EncodedFrame, emit: (PacketizedFrame) -> Void) {
    if let picture = picture(frame) { emit(picture) }
    g711?.packetize(frame, emit: emit)
  }

  /// One picture; nil for sound.
  mutating func picture(_ frame: EncodedFrame) -> PacketizedFrame? {
    let ticks = StreamClock.ticks(ofMediaTime: frame.time, clockRate: PayloadCodec.h264.clockRate)
    return try? h264?.packetize(frame.data, mediaTime: ticks)
  }
}

extension H264Packetizer {
  fileprivate init?(passing format: VideoFormat, maximumPayload: Int) {
    guard let record = format.configuration, let configuration = try? AVCDecoderConfiguration(parsing: record),
      let framing = NALUnitFraming(nalLengthSize: configuration.nalLengthSize)
    else { return nil }
    self.init(framing: framing, maximumPayload: maximumPayload)
    do throws(RTPError) {
      try setParameterSets(
        sequence: configuration.sequenceParameterSets, picture: configuration.pictureParameterSets)
    } catch {
      return nil
    }
  }
}
