import NIOCore

/// The first byte or two of an audio message: codec, rate, sample size, channels.
///
/// Source: Adobe Flash Video File Format 10.1, E.4.2.1.
public struct AudioTagHeader: Sendable, Hashable {
  /// The codec.
  public var soundFormat: SoundFormat
  /// The rate as written; see ``effectiveSampleRate`` for the one that counts.
  public var rate: SoundRate
  /// 8 or 16; means something for uncompressed sound only.
  public var bitsPerSample: Int
  /// 1 or 2 as written; see ``effectiveChannels``.
  public var channels: Int
  /// What an AAC body is; `nil` for all other formats.
  public var aacPacketType: AACPacketType?

  /// A header. AAC without a packet type is written as raw.
  public init(
    soundFormat: SoundFormat, rate: SoundRate, bitsPerSample: Int = 16, channels: Int = 1,
    aacPacketType: AACPacketType? = nil
  ) {
    self.soundFormat = soundFormat
    self.rate = rate
    self.bitsPerSample = bitsPerSample
    self.channels = channels
    self.aacPacketType = aacPacketType
  }

  /// The rate in Hz as written in the tag.
  public var sampleRate: Int { rate.hertz }

  /// The rate in Hz the codec really has, whatever the tag says: real clients write it wrong for Speex. `nil` for AAC,
  /// whose configuration has it.
  public var effectiveSampleRate: Int? {
    switch soundFormat {
    case .nellymoser16k, .speex: 16000
    case .nellymoser8k, .g711ALaw, .g711MuLaw, .mp38k: 8000
    case .aac: nil
    default: sampleRate
    }
  }

  /// The channels the codec really has. `nil` for AAC, whose configuration has them.
  public var effectiveChannels: Int? {
    switch soundFormat {
    case .nellymoser16k, .nellymoser8k, .nellymoser, .speex: 1
    case .aac: nil
    default: channels
    }
  }

  /// Takes the header from the front of a message's body; on an error the buffer is as before.
  public static func read(from buffer: inout ByteBuffer) throws(FLVError) -> AudioTagHeader {
    var rest = buffer
    guard let byte = rest.readInteger(as: UInt8.self) else {
      throw .truncated(.audioTagHeader, needed: 1, available: 0)
    }
    guard let format = SoundFormat(rawValue: byte >> 4) else { throw .unknownSoundFormat(byte >> 4) }
    // Two bits have four values, all named.
    let rate = SoundRate(rawValue: byte >> 2 & 0b11) ?? .rate44100
    var header = AudioTagHeader(
      soundFormat: format, rate: rate, bitsPerSample: byte & 0b10 == 0 ? 8 : 16, channels: byte & 0b01 == 0 ? 1 : 2)
    if format == .aac {
      guard let type = rest.readInteger(as: UInt8.self) else {
        throw .truncated(.audioTagHeader, needed: 2, available: 1)
      }
      guard let packetType = AACPacketType(rawValue: type) else { throw .unknownAACPacketType(type) }
      header.aacPacketType = packetType
    }
    buffer = rest
    return header
  }

  /// Appends the header.
  public func write(into buffer: inout ByteBuffer) {
    let size: UInt8 = bitsPerSample == 8 ? 0 : 0b10
    let type: UInt8 = channels == 2 ? 0b01 : 0
    buffer.writeInteger(soundFormat.rawValue << 4 | rate.rawValue << 2 | size | type)
    if soundFormat == .aac {
      buffer.writeInteger((aacPacketType ?? .raw).rawValue)
    }
  }
}
