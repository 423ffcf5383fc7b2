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
    /// A tag of a file.
    case fileTag
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
  /// A number outside what its field may hold.
  case outOfRange(Part, Field, value: Int, allowed: ClosedRange<Int>)
  /// A parameter set whose NAL unit type is another (ITU-T H.264 table 7-1).
  case wrongNALUnitType(expected: UInt8, found: UInt8)

  /// The fields whose range is checked.
  public enum Field: String, Sendable, Equatable {
    /// configurationVersion, ISO/IEC 14496-15 5.3.3.1.
    case configurationVersion = "configuration version"
    /// Bytes of a NAL unit's length, ISO/IEC 14496-15 5.3.3.1.
    case nalLengthSize = "NAL unit length size"
    /// Number of sequence parameter sets.
    case sequenceParameterSetCount = "number of sequence parameter sets"
    /// Number of picture parameter sets.
    case pictureParameterSetCount = "number of picture parameter sets"
    /// Bytes of one parameter set.
    case parameterSetLength = "parameter set length"
    /// An Exp-Golomb code of more than 32 bits, H.264 section 9.1.
    case expGolombLeadingZeros = "Exp-Golomb leading zeros"
    /// chroma_format_idc, H.264 section 7.4.2.1.1.
    case chromaFormat = "chroma format"
    /// Bits of a luma sample.
    case bitDepth = "bit depth"
    /// Bits of a frame number or picture order count.
    case counterLength = "counter length"
    /// pic_order_cnt_type, H.264 section 7.4.2.1.1.
    case pictureOrderCountType = "picture order count type"
    /// num_ref_frames_in_pic_order_cnt_cycle.
    case pictureOrderCycle = "picture order count cycle"
    /// max_num_ref_frames.
    case referenceFrames = "number of reference frames"
    /// A width in pixels.
    case width = "width"
    /// A height in pixels.
    case height = "height"
    /// cpb_cnt_minus1, H.264 section E.2.2.
    case hypotheticalDecoderBuffers = "number of coded picture buffers"
    /// An MPEG-4 audio object type, ISO/IEC 14496-3 table 1.17.
    case audioObjectType = "audio object type"
    /// A sampling frequency index, ISO/IEC 14496-3 table 1.18.
    case samplingFrequencyIndex = "sampling frequency index"
    /// A sampling frequency in Hz.
    case samplingFrequency = "sampling frequency"
    /// A channel configuration, ISO/IEC 14496-3 table 1.19.
    case channelConfiguration = "channel configuration"
    /// Bytes of a tag's body.
    case tagSize = "tag size"
  }
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
    case .outOfRange(let part, let field, let value, let allowed):
      "\(part): \(field.rawValue) is \(value), allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
    case .wrongNALUnitType(let expected, let found):
      "parameter set has NAL unit type \(found), not \(expected)"
    }
  }
}
