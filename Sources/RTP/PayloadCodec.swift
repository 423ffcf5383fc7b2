/// The codecs whose payload formats this target knows.
public enum PayloadCodec: Sendable, Hashable, CaseIterable {
  /// Opus, RFC 7587.
  case opus
  /// VP8, RFC 7741.
  case vp8
  /// H.264, RFC 6184.
  case h264
  /// G.711 mu-law, RFC 3551, section 4.5.14.
  case pcmu
  /// G.711 A-law, RFC 3551, section 4.5.14.
  case pcma

  /// RTP clock ticks a second. Opus always counts at 48 kHz, whatever it was sampled at (RFC 7587, section 4.1).
  public var clockRate: UInt32 {
    switch self {
    case .opus: 48_000
    case .vp8, .h264: 90_000
    case .pcmu, .pcma: 8_000
    }
  }

  /// Whether frames of this codec are sound.
  public var isAudio: Bool {
    switch self {
    case .opus, .pcmu, .pcma: true
    case .vp8, .h264: false
    }
  }
}
