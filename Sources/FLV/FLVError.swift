/// Why bytes are no FLV, or go beyond what is allowed.
public enum FLVError: Error, Equatable, Sendable {
  /// What was being read.
  public enum Part: Sendable, Equatable {
    /// The header of an audio tag.
    case audioTagHeader
    /// The header of a video tag.
    case videoTagHeader
    /// An AVCDecoderConfigurationRecord.
    case avcConfiguration
    /// A sequence parameter set.
    case sequenceParameterSet
    /// An AudioSpecificConfig.
    case audioSpecificConfig
  }

  /// The bytes end too early.
  case truncated(Part, needed: Int, available: Int)
  /// A SoundFormat the specification does not name (E.4.2.1).
  case unknownSoundFormat(UInt8)
  /// A CodecID the specification does not name (E.4.3.1).
  case unknownVideoCodec(UInt8)
  /// A frame type other than 1 to 5 (E.4.3.1).
  case unknownFrameType(UInt8)
  /// An AACPacketType other than 0 and 1 (E.4.2.1).
  case unknownAACPacketType(UInt8)
  /// An AVCPacketType other than 0 to 2 (E.4.3.1).
  case unknownAVCPacketType(UInt8)
  /// A video tag with the header of Enhanced RTMP (top bit of the first byte set).
  case enhancedVideoHeader(firstByte: UInt8)
}

extension FLVError: CustomStringConvertible {
  /// One line for a log.
  public var description: String {
    switch self {
    case .truncated(let part, let needed, let available):
      "\(part) cut off: \(needed) bytes needed, \(available) there"
    case .unknownSoundFormat(let id): "sound format \(id) is not defined"
    case .unknownVideoCodec(let id): "video codec id \(id) is not defined"
    case .unknownFrameType(let type): "video frame type \(type) is not defined"
    case .unknownAACPacketType(let type): "AAC packet type \(type) is not defined"
    case .unknownAVCPacketType(let type): "AVC packet type \(type) is not defined"
    case .enhancedVideoHeader(let byte): "video tag with an Enhanced RTMP header (first byte \(byte)) is not supported"
    }
  }
}
