/// A way to encode sound, by the name of its field.
public enum AudioCodec: String, Sendable, Hashable, CaseIterable {
  /// Nellymoser Asao, the microphone codec of Flash Player 6 to 9; mono at any rate of the tag.
  case nellymoser
  /// Speex wideband as Flash sends it: always 16 kHz mono, several frames in a message allowed.
  case speex
  /// MPEG-1 and MPEG-2 layer III.
  case mp3
  /// AAC without ADTS headers; needs an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
  case aac
  /// G.711 mu-law.
  case pcmMuLaw
  /// G.711 A-law.
  case pcmALaw
  /// The 2 to 5 bit ADPCM of the SWF format.
  case adpcmSWF
  /// Signed 16-bit samples, least significant byte first.
  case pcmS16LE
  /// Signed 16-bit samples, most significant byte first.
  case pcmS16BE
  /// Unsigned 8-bit samples.
  case pcmU8
  /// Opus (RFC 6716).
  case opus

  /// Short name for metrics and logs, for example `nellymoser`.
  public var name: String {
    switch self {
    case .nellymoser, .speex, .mp3, .aac, .opus: self.rawValue
    case .pcmMuLaw: "pcm_mulaw"
    case .pcmALaw: "pcm_alaw"
    case .adpcmSWF: "adpcm_swf"
    case .pcmS16LE: "pcm_s16le"
    case .pcmS16BE: "pcm_s16be"
    case .pcmU8: "pcm_u8"
    }
  }
}
