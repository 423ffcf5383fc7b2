/// A way to encode pictures, by the name of its field.
public enum VideoCodec: String, Sendable, Hashable, CaseIterable {
  /// Sorenson Spark, the H.263 variant of Flash Player 6 (FLV1).
  case sorensonH263
  /// On2 VP6 as FLV carries it: the first byte of a body holds the cropping.
  case vp6
  /// On2 VP6 with an alpha channel; the picture is laid on black.
  case vp6Alpha
  /// Screen Video, zlib blocks of bgr24.
  case screenVideo
  /// Screen Video 2, zlib blocks with a palette.
  case screenVideo2
  /// H.264 in length-prefixed NAL units; needs an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.2.4.1).
  case h264
  /// Plain H.263.
  case h263
  /// VP8 (RFC 6386).
  case vp8

  /// Short name for metrics and logs, for example `flv1`.
  public var name: String {
    switch self {
    case .sorensonH263: "flv1"
    case .vp6, .h264, .h263, .vp8: self.rawValue
    case .vp6Alpha: "vp6a"
    case .screenVideo: "flashsv"
    case .screenVideo2: "flashsv2"
    }
  }
}
