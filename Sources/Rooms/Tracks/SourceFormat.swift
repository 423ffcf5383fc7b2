import Media
import RTP

/// What a publisher sends on a track.
public enum SourceFormat: Sendable, Hashable {
  case audio(AudioFormat)
  /// `reorders`: pictures may come in another order than they are shown (B-frames), which WebRTC does not carry.
  case video(VideoFormat, reorders: Bool)
  /// A codec that cannot be carried; its name.
  case unsupported(kind: MediaKind, codec: String)

  var kind: MediaKind {
    switch self {
    case .audio: .audio
    case .video: .video
    case .unsupported(let kind, _): kind
    }
  }

  /// The codec's name in logs, metrics and signalling.
  public var codecName: String {
    switch self {
    case .audio(let format): format.codec.name
    case .video(let format, _): format.codec.name
    case .unsupported(_, let codec): codec
    }
  }

  /// The payload that receivers can get without transcoding, if there is one.
  var passThrough: PayloadCodec? {
    switch self {
    case .video(let format, reorders: false) where format.codec == .h264: .h264
    default: nil
    }
  }

  /// The payload that this source is transcoded to for a receiver, or nil when the receiver takes nothing we make.
  func payload(for codecs: Set<PayloadCodec>) -> PayloadCodec? {
    if let passThrough, codecs.contains(passThrough) { return passThrough }
    switch self {
    case .audio: return codecs.contains(.opus) ? .opus : nil
    case .video: return codecs.contains(.vp8) ? .vp8 : nil
    case .unsupported: return nil
    }
  }
}
