/// The codec of an audio tag.
///
/// Source: Adobe Flash Video File Format 10.1, E.4.2.1. 9, 12 and 13 are reserved.
public enum SoundFormat: UInt8, Sendable, Hashable, CaseIterable {
  /// Linear PCM in the byte order of the machine that made it; little endian in practice.
  case linearPCMPlatformEndian = 0
  /// Flash's ADPCM.
  case adpcm = 1
  /// MP3.
  case mp3 = 2
  /// Linear PCM, little endian.
  case linearPCMLittleEndian = 3
  /// Nellymoser at 16 kHz, mono.
  case nellymoser16k = 4
  /// Nellymoser at 8 kHz, mono.
  case nellymoser8k = 5
  /// Nellymoser at the rate of the tag, mono.
  case nellymoser = 6
  /// G.711 A-law at 8 kHz.
  case g711ALaw = 7
  /// G.711 mu-law at 8 kHz.
  case g711MuLaw = 8
  /// AAC; rate and channels are in its AudioSpecificConfig.
  case aac = 10
  /// Speex at 16 kHz, mono.
  case speex = 11
  /// MP3 at 8 kHz.
  case mp38k = 14
  /// Sound only the device that made it knows.
  case deviceSpecific = 15
}

/// The sample rate in an audio tag. Formats that fix their rate, and AAC, ignore it.
public enum SoundRate: UInt8, Sendable, Hashable, CaseIterable {
  /// 5.5 kHz
  case rate5512 = 0
  /// 11 kHz
  case rate11025 = 1
  /// 22 kHz
  case rate22050 = 2
  /// 44 kHz
  case rate44100 = 3

  /// The rate in Hz.
  public var hertz: Int {
    switch self {
    case .rate5512: 5512
    case .rate11025: 11025
    case .rate22050: 22050
    case .rate44100: 44100
    }
  }
}

/// What the body of an AAC tag is (E.4.2.1).
public enum AACPacketType: UInt8, Sendable, Hashable {
  /// An ``AudioSpecificConfig``.
  case sequenceHeader = 0
  /// One raw AAC frame.
  case raw = 1
}
