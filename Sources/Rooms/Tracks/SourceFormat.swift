import Media
import RTP

/// What a publisher sends on a track.
public enum SourceFormat: Sendable, Hashable {
  case audio(AudioFormat)
  /// `reorders`: pictures may come in another order than they are shown (B-frames), or as fields: WebRTC carries
  /// neither.
  case video(VideoFormat, reorders: Bool)
  /// What cannot be carried: its name, one of a fixed set, and why not.
  case unsupported(kind: MediaKind, codec: String, Obstacle)

  /// Why a source cannot be carried.
  public enum Obstacle: Sendable, Hashable {
    /// No decoder is there for the codec.
    case noDecoder
    /// Frames came without the configuration that has to come before them.
    case noConfiguration
    /// The decoder refused to begin: something in the configuration, a rate or a size.
    case refused

    /// A sentence for people: the publisher's, the operator's, and those in the room.
    public func sentence(_ codec: String) -> String {
      switch self {
      case .noDecoder: "\(codec) cannot be carried to browsers"
      case .refused: "\(codec) in this form cannot be decoded"
      case .noConfiguration: "\(codec) came without its configuration and cannot be decoded"
      }
    }
  }

  var kind: MediaKind {
    switch self {
    case .audio: .audio
    case .video: .video
    case .unsupported(let kind, _, _): kind
    }
  }

  /// The codec's name in logs, metrics and signalling.
  public var codecName: String {
    switch self {
    case .audio(let format): format.codec.name
    case .video(let format, _): format.codec.name
    case .unsupported(_, let codec, _): codec
    }
  }

  /// The payload in which receivers can get it as it is, if there is one.
  var untouched: PayloadCodec? {
    switch self {
    case .video(let format, reorders: false) where format.codec == .h264 && Self.isForReceivers(format): .h264
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

  /// Whether receivers decode that profile: Baseline, Main and High, whatever they negotiated by name, but not those of
  /// more bits or colours.
  private static func isForReceivers(_ format: VideoFormat) -> Bool {
    guard let record = format.configuration,
      let profile = record.getInteger(at: record.readerIndex + 1, as: UInt8.self)
    else { return false }
    return profile == 66 || profile == 77 || profile == 100
  }

  /// The rendition for a receiver, or nil when it takes nothing that can be made of this source.
  func rendition(for subscriber: Subscriber) -> Rendition? { rendition(for: subscriber, in: subscriber.tier) }

  /// Those for a receiver that changes from one tier to another.
  func renditions(for subscriber: Subscriber) -> [Rendition] {
    [subscriber.tier, subscriber.former].compactMap { tier in tier.flatMap { rendition(for: subscriber, in: $0) } }
  }

  private func rendition(for subscriber: Subscriber, in tier: Tier) -> Rendition? {
    if case .unsupported = self { return nil }
    return Rendition.chosen(for: subscriber.codecs, kind: kind, untouched: untouched, tier: tier)
  }

  /// Whether frames of both are decoded alike, so that a decoder may go on from one to the other.
  func decodesLike(_ other: SourceFormat?) -> Bool {
    guard case .video(let format, _) = self, case .video(let others, _)? = other else { return self == other }
    return format == others
  }
}
