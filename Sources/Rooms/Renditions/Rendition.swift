import Media
import RTP

/// One of the forms in which a track is sent. Receivers that take the same one share its packets.
public enum Rendition: Sendable, Hashable {
  /// As the publisher sent it, in that payload.
  case untouched(PayloadCodec)
  /// Encoded anew as sound.
  case sound(AudioTarget)
  /// Encoded anew as pictures.
  case picture(VideoTarget)

  /// The rendition of a track of `kind` for a receiver that takes `codecs`, or nil when it takes nothing that we make.
  ///
  /// A pure function, so that the track and each receiver come to the same answer without asking one another.
  /// - Parameters:
  ///   - untouched: the payload that the track passes through, if it does.
  ///   - tier: how much of a picture; nothing to sound.
  public static func chosen(
    for codecs: Set<PayloadCodec>, kind: MediaKind, untouched: PayloadCodec?, tier: Tier = .whole
  ) -> Rendition? {
    let untouched = untouched.flatMap { codecs.contains($0) ? $0 : nil }
    switch kind {
    case .video:
      if tier == .whole, let untouched { return .untouched(untouched) }
      guard let codec = VideoTarget.Codec.allCases.first(where: { codecs.contains($0.payload) }) else { return nil }
      switch tier {
      case .none: return nil
      case .slow: return .picture(VideoTarget(codec: codec, bitRate: 80_000, reduction: 2, pictureRate: 5))
      case .reduced: return .picture(VideoTarget(codec: codec, bitRate: 300_000, reduction: 2))
      case .whole: return .picture(VideoTarget(codec: codec))
      }
    case .audio:
      // Opus is better than what a telephone codec becomes on a line that loses packets.
      if codecs.contains(.opus) { return .sound(.opus()) }
      return untouched.map(Rendition.untouched)
    }
  }

  /// The payload of its packets.
  public var payload: PayloadCodec {
    switch self {
    case .untouched(let payload): payload
    case .sound(.opus): .opus
    case .picture(let target): target.codec.payload
    }
  }
}

extension VideoTarget.Codec {
  /// The payload of its packets.
  var payload: PayloadCodec {
    switch self {
    case .vp8: .vp8
    case .h264: .h264
    }
  }
}
