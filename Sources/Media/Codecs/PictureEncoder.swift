import CLibAV

/// The encoder of a `VideoTarget` for pictures of one size.
enum PictureEncoder {
  case vp8(VP8Encoder)
  case h264(H264Encoder)

  /// Opens the codec's encoder; `origin` is the media time of the first picture, in microseconds.
  init(_ codec: VideoTarget.Codec, size: PictureSize, bitRate: Int, origin: Int64) throws(MediaError) {
    switch codec {
    case .vp8:
      self = .vp8(try VP8Encoder(width: size.width, height: size.height, bitRate: bitRate, origin: origin))
    case .h264:
      self = .h264(try H264Encoder(width: size.width, height: size.height, bitRate: bitRate, origin: origin))
    }
  }

  var size: PictureSize {
    switch self {
    case .vp8(let encoder): PictureSize(width: encoder.width, height: encoder.height)
    case .h264(let encoder): PictureSize(width: encoder.width, height: encoder.height)
    }
  }

  /// Aims at another bit rate from the next picture on; costs no key frame.
  func setTargetBitRate(_ bitRate: Int) throws(MediaError) {
    switch self {
    case .vp8(let encoder): try encoder.setTargetBitRate(bitRate)
    case .h264(let encoder): encoder.setTargetBitRate(bitRate)
    }
  }

  /// Encodes one picture in yuv420p; `time` must be later than that of the picture before.
  func encode(
    _ picture: UnsafeMutablePointer<AVFrame>, at time: Int64, asKeyFrame: Bool, emit: (EncodedFrame) -> Void
  ) throws(MediaError) {
    switch self {
    case .vp8(let encoder): try encoder.encode(picture, at: time, asKeyFrame: asKeyFrame, emit: emit)
    case .h264(let encoder): try encoder.encode(picture, at: time, asKeyFrame: asKeyFrame, emit: emit)
    }
  }

  /// A rate that gives a clear picture of a talking person at webcam frame rates: 300 kbit/s for 320x240,
  /// 900 kbit/s for 640x480, never above 3 Mbit/s.
  static func bitRate(for size: PictureSize) -> Int {
    min(100_000 + Int(size.width) * Int(size.height) * 8 / 3, 3_000_000)
  }
}
