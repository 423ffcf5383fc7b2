import CLibAV

/// A row of the decoder table: which decoder of libavcodec reads a codec, and how.
struct DecoderEntry: Sendable {
  enum Configuration: Sendable {
    /// The decoder needs none.
    case none
    /// The owner hands it over before the first frame.
    case required
    /// The first byte of each body is the decoder's extradata (FLV's VP6 cropping byte).
    case leadingByte
  }

  /// libavcodec's name of the decoder; by name, since one codec may have several decoders.
  var decoder: String
  /// Name for metrics and errors.
  var name: String
  var configuration: Configuration = .none
  /// The decoder keeps all but the first frame of a message until the next comes, unless it is drained.
  var mustDrainEachMessage = false
  /// Rate and channels that hold whatever the stream says.
  var fixed: (sampleRate: Int, channels: Int)?
}

extension AudioCodec {
  var decoding: DecoderEntry {
    switch self {
    case .nellymoser: .init(decoder: "nellymoser", name: self.name)
    // libavcodec's own decoder drops all but the first frame of a message, and FLV's Speex is 16 kHz mono
    // whatever the tag says (Adobe FLV 10.1, E.4.2.1).
    case .speex: .init(decoder: "libspeex", name: self.name, mustDrainEachMessage: true, fixed: (16_000, 1))
    case .mp3: .init(decoder: "mp3float", name: self.name)
    case .aac: .init(decoder: "aac", name: self.name, configuration: .required)
    case .pcmMuLaw: .init(decoder: "pcm_mulaw", name: self.name)
    case .pcmALaw: .init(decoder: "pcm_alaw", name: self.name)
    case .adpcmSWF: .init(decoder: "adpcm_swf", name: self.name)
    case .pcmS16LE: .init(decoder: "pcm_s16le", name: self.name)
    case .pcmS16BE: .init(decoder: "pcm_s16be", name: self.name)
    case .pcmU8: .init(decoder: "pcm_u8", name: self.name)
    case .opus: .init(decoder: "libopus", name: self.name, fixed: (48_000, 2))
    }
  }
}

extension VideoCodec {
  var decoding: DecoderEntry {
    switch self {
    case .sorensonH263: .init(decoder: "flv", name: self.name)
    case .vp6: .init(decoder: "vp6f", name: self.name, configuration: .leadingByte)
    case .vp6Alpha: .init(decoder: "vp6a", name: self.name, configuration: .leadingByte)
    case .screenVideo: .init(decoder: "flashsv", name: self.name)
    case .screenVideo2: .init(decoder: "flashsv2", name: self.name)
    case .h264: .init(decoder: "h264", name: self.name, configuration: .required)
    case .h263: .init(decoder: "h263", name: self.name)
    case .vp8: .init(decoder: "vp8", name: self.name)
    }
  }
}
