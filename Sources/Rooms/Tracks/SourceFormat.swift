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

  /// The payload in which receivers can get it as it is, if there is one.
  var untouched: PayloadCodec? {
    switch self {
    case .video(let format, reorders: false) where format.codec == .h264: .h264
    // RTP's G.711 is 8 kHz and, as browsers offer it, mono.
    case .audio(let format) where format.sampleRate == 8_000 && format.channels == 1:
      switch format.codec {
      case .pcmMuLaw: .pcmu
      case .pcmALaw: .pcma
      default: nil
      }
    default: nil
    }
  }

  /// The rendition for a receiver that takes `codecs`, or nil when it takes nothing that can be made of this source.
  func rendition(for codecs: Set<PayloadCodec>) -> Rendition? {
    if case .unsupported = self { return nil }
    return Rendition.chosen(for: codecs, kind: kind, untouched: untouched)
  }

  /// Whether frames of both are decoded alike, so that a decoder may go on from one to the other.
  func decodesLike(_ other: SourceFormat?) -> Bool {
    guard case .video(let format, _) = self, case .video(let others, _)? = other else { return self == other }
    return format == others
  }
}
