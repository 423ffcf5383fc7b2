import NIOCore

/// What a gateway must know of an H.264 sequence parameter set: size, profile, and whether pictures are shown in the
/// order in which they are decoded.
///
/// Source: ITU-T H.264 sections 7.3.2.1.1 and E.1.1.
public struct SequenceParameterSet: Sendable, Hashable {
  /// How pictures are numbered for output (pic_order_cnt_type).
  public enum PictureOrder: Int, Sendable, Hashable {
    /// Each slice says its number.
    case explicit = 0
    /// Numbers follow a cycle, with corrections.
    case cycle = 1
    /// Output order is decoding order.
    case decodingOrder = 2
  }

  /// profile_idc.
  public let profile: UInt8
  /// The constraint flags between profile and level.
  public let constraints: UInt8
  /// level_idc: ten times the level.
  public let level: UInt8
  /// Pixels across, after cropping.
  public let width: Int
  /// Pixels down, after cropping.
  public let height: Int
  /// How pictures are numbered for output.
  public let pictureOrder: PictureOrder
  /// max_num_ref_frames.
  public let referenceFrames: Int
  /// Whether there are no field pictures.
  public let isProgressive: Bool
  /// max_num_reorder_frames, `nil` where the stream does not say.
  public let maximumReorderedFrames: Int?

  /// Whether a picture may have to be shown after one that is decoded later. `false` is a promise of the stream; `true`
  /// also stands where it does not say. A receiver that shows pictures as they come needs `false`.
  public var mayReorder: Bool {
    if pictureOrder == .decodingOrder { return false }
    if let maximumReorderedFrames { return maximumReorderedFrames > 0 }
    // Baseline has no B slices. Intra-only profiles (constraint_set3_flag) have 0 by inference, section E.2.1.
    if profile == 66 { return false }
    let isIntraOnly = constraints & 0x10 != 0 && [44, 86, 100, 110, 122, 244].contains(profile)
    return !isIntraOnly
  }

  /// Reads a NAL unit of type 7, its header byte included.
  public init(parsing unit: ByteBuffer) throws(FLVError) {
    let bytes = unit.readableBytesView
    guard let header = bytes.first else {
      throw .truncated(.sequenceParameterSet, needed: 4, available: 0)
    }
    guard header & 0x1F == 7 else { throw .wrongNALUnitType(expected: 7, found: header & 0x1F) }
    var reader = BitReader(Self.unescaped(bytes.dropFirst()), part: .sequenceParameterSet)
    profile = UInt8(truncatingIfNeeded: try reader.read(8))
    constraints = UInt8(truncatingIfNeeded: try reader.read(8))
    level = UInt8(truncatingIfNeeded: try reader.read(8))
    _ = try reader.readUnsignedExpGolomb()  // seq_parameter_set_id
    let chroma = try SequenceParameterSet.readChroma(&reader, profile: profile)
    _ = try reader.readUnsignedExpGolomb(.counterLength, in: 0...12)
    pictureOrder = try SequenceParameterSet.readPictureOrder(&reader)
    referenceFrames = try reader.readUnsignedExpGolomb(.referenceFrames, in: 0...16)
    _ = try reader.readFlag()  // gaps_in_frame_num_value_allowed_flag
    let frame = try CodedFrame(&reader, chroma: chroma)
    width = frame.width
    height = frame.height
    isProgressive = frame.isProgressive
    maximumReorderedFrames = try reader.readFlag() ? VideoUsability.maximumReorderedFrames(&reader) : nil
  }

  /// Section 7.4.1: the third byte of 00 00 03 is no content.
  private static func unescaped(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var zeros = 0
    for byte in bytes {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      result.append(byte)
    }
    return result
  }

  private static func readPictureOrder(_ reader: inout BitReader) throws(FLVError) -> PictureOrder {
    let type = try reader.readUnsignedExpGolomb(.pictureOrderCountType, in: 0...2)
    switch PictureOrder(rawValue: type) {
    case .explicit:
      _ = try reader.readUnsignedExpGolomb(.counterLength, in: 0...12)
      return .explicit
    case .cycle:
      _ = try reader.readFlag()  // delta_pic_order_always_zero_flag
      _ = try reader.readSignedExpGolomb()  // offset_for_non_ref_pic
      _ = try reader.readSignedExpGolomb()  // offset_for_top_to_bottom_field
      let length = try reader.readUnsignedExpGolomb(.pictureOrderCycle, in: 0...255)
      for _ in 0..<length { _ = try reader.readSignedExpGolomb() }
      return .cycle
    default:
      return .decodingOrder
    }
  }

  /// chroma_format_idc (or 0 where the planes are coded apart), with what else the high profiles say at this place.
  private static func readChroma(_ reader: inout BitReader, profile: UInt8) throws(FLVError) -> Int {
    let profilesWithChroma: Set<UInt8> = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]
    guard profilesWithChroma.contains(profile) else { return 1 }
    let format = try reader.readUnsignedExpGolomb(.chromaFormat, in: 0...3)
    let isSeparate = format == 3 ? try reader.readFlag() : false
    _ = try reader.readUnsignedExpGolomb(.bitDepth, in: 0...6)
    _ = try reader.readUnsignedExpGolomb(.bitDepth, in: 0...6)
    _ = try reader.readFlag()  // qpprime_y_zero_transform_bypass_flag
    if try reader.readFlag() {
      for list in 0..<(format == 3 ? 12 : 8) where try reader.readFlag() {
        try skipScalingList(&reader, count: list < 6 ? 16 : 64)
      }
    }
    return isSeparate ? 0 : format
  }

  /// Section 7.3.2.1.1.1; the values do not matter here, but they decide where the list ends.
  private static func skipScalingList(_ reader: inout BitReader, count: Int) throws(FLVError) {
    var last = 8
    for _ in 0..<count {
      let next = (last + (try reader.readSignedExpGolomb())) & 0xFF
      if next == 0 { return }
      last = next
    }
  }
}

/// Size and crop of a coded frame.
private struct CodedFrame {
  let width: Int
  let height: Int
  let isProgressive: Bool

  /// Far above any level's limit (level 6.2: 139 264 macroblocks), small enough for all sums.
  private static let maximumSide = 1 << 16

  init(_ reader: inout BitReader, chroma: Int) throws(FLVError) {
    let side = 0...(Self.maximumSide / 16 - 1)
    let codedWidth = (try reader.readUnsignedExpGolomb(.width, in: side) + 1) * 16
    let mapHeight = try reader.readUnsignedExpGolomb(.height, in: side) + 1
    isProgressive = try reader.readFlag()
    let fields = isProgressive ? 1 : 2
    let codedHeight = mapHeight * 16 * fields
    if !isProgressive { _ = try reader.readFlag() }  // mb_adaptive_frame_field_flag
    _ = try reader.readFlag()  // direct_8x8_inference_flag
    guard try reader.readFlag() else {
      width = codedWidth
      height = codedHeight
      return
    }
    // Crops count chroma samples: of 4:2:0 two by two pixels, of 4:2:2 two by one (table 6-1).
    let unitX = chroma == 1 || chroma == 2 ? 2 : 1
    let unitY = (chroma == 1 ? 2 : 1) * fields
    let left = try reader.readUnsignedExpGolomb(.width, in: 0...Self.maximumSide)
    let right = try reader.readUnsignedExpGolomb(.width, in: 0...Self.maximumSide)
    let top = try reader.readUnsignedExpGolomb(.height, in: 0...Self.maximumSide)
    let bottom = try reader.readUnsignedExpGolomb(.height, in: 0...Self.maximumSide)
    width = codedWidth - (left + right) * unitX
    height = codedHeight - (top + bottom) * unitY
    guard width > 0 else {
      throw .outOfRange(.sequenceParameterSet, .width, value: width, allowed: 1...codedWidth)
    }
    guard height > 0 else {
      throw .outOfRange(.sequenceParameterSet, .height, value: height, allowed: 1...codedHeight)
    }
  }
}

/// The part of the video usability information that says how far pictures are reordered, section E.1.1.
private enum VideoUsability {
  /// `nil` where the information ends early or does not say. It stands last, and encoders exist that cut it off;
  /// the sizes before it are good all the same.
  static func maximumReorderedFrames(_ reader: inout BitReader) -> Int? {
    do throws(FLVError) {
      return try read(&reader)
    } catch {
      return nil
    }
  }

  private static func read(_ reader: inout BitReader) throws(FLVError) -> Int? {
    if try reader.readFlag() {  // aspect_ratio_info_present_flag
      if try reader.read(8) == 255 { try reader.skip(32) }
    }
    if try reader.readFlag() { try reader.skip(1) }  // overscan
    if try reader.readFlag() {  // video_signal_type_present_flag
      try reader.skip(4)
      if try reader.readFlag() { try reader.skip(24) }
    }
    if try reader.readFlag() {  // chroma_loc_info_present_flag
      _ = try reader.readUnsignedExpGolomb()
      _ = try reader.readUnsignedExpGolomb()
    }
    if try reader.readFlag() { try reader.skip(65) }  // timing
    let hasNALDecoder = try reader.readFlag()
    if hasNALDecoder { try skipHypotheticalDecoder(&reader) }
    let hasVCLDecoder = try reader.readFlag()
    if hasVCLDecoder { try skipHypotheticalDecoder(&reader) }
    if hasNALDecoder || hasVCLDecoder { try reader.skip(1) }  // low_delay_hrd_flag
    try reader.skip(1)  // pic_struct_present_flag
    guard try reader.readFlag() else { return nil }  // bitstream_restriction_flag
    try reader.skip(1)
    for _ in 0..<4 { _ = try reader.readUnsignedExpGolomb() }
    return try reader.readUnsignedExpGolomb(.referenceFrames, in: 0...16)
  }

  /// Section E.1.2.
  private static func skipHypotheticalDecoder(_ reader: inout BitReader) throws(FLVError) {
    let buffers = try reader.readUnsignedExpGolomb(.hypotheticalDecoderBuffers, in: 0...31) + 1
    try reader.skip(8)
    for _ in 0..<buffers {
      _ = try reader.readUnsignedExpGolomb()
      _ = try reader.readUnsignedExpGolomb()
      try reader.skip(1)
    }
    try reader.skip(20)
  }
}
