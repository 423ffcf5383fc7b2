import NIOCore

/// What an H.264 decoder must know before the first picture: the body of an AVC sequence header.
///
/// Source: ISO/IEC 14496-15 section 5.3.3.1 (AVCDecoderConfigurationRecord).
public struct AVCDecoderConfiguration: Sendable, Hashable {
  /// The most sequence parameter sets the record can hold.
  public static let maximumSequenceParameterSets = 31
  /// The most picture parameter sets the record can hold.
  public static let maximumPictureParameterSets = 255

  /// profile_idc.
  public let profile: UInt8
  /// The constraint flags between profile and level.
  public let compatibility: UInt8
  /// level_idc: ten times the level.
  public let level: UInt8
  /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
  public let nalLengthSize: Int
  /// NAL units of type 7, 1 to 65 535 bytes each.
  public let sequenceParameterSets: [ByteBuffer]
  /// NAL units of type 8, 1 to 65 535 bytes each.
  public let pictureParameterSets: [ByteBuffer]
  /// What follows the sets: chroma format and bit depths in the high profiles. Kept as it came.
  public let extensions: ByteBuffer

  /// A configuration of parameter sets; throws what the record cannot hold.
  public init(
    profile: UInt8, compatibility: UInt8, level: UInt8, nalLengthSize: Int = 4,
    sequenceParameterSets: [ByteBuffer], pictureParameterSets: [ByteBuffer], extensions: ByteBuffer = ByteBuffer()
  ) throws(FLVError) {
    try Self.check(nalLengthSize: nalLengthSize)
    try Self.check(
      sequenceParameterSets.count, .sequenceParameterSetCount, in: 0...Self.maximumSequenceParameterSets)
    try Self.check(pictureParameterSets.count, .pictureParameterSetCount, in: 0...Self.maximumPictureParameterSets)
    for unit in sequenceParameterSets { try Self.check(unit, nalUnitType: 7) }
    for unit in pictureParameterSets { try Self.check(unit, nalUnitType: 8) }
    self.profile = profile
    self.compatibility = compatibility
    self.level = level
    self.nalLengthSize = nalLengthSize
    self.sequenceParameterSets = sequenceParameterSets
    self.pictureParameterSets = pictureParameterSets
    self.extensions = extensions
  }

  /// Reads a whole record. The sets share the buffer's storage. Reserved bits are ignored: some writers leave them 0.
  public init(parsing record: ByteBuffer) throws(FLVError) {
    var rest = record
    guard let version = rest.readInteger(as: UInt8.self), let profile = rest.readInteger(as: UInt8.self),
      let compatibility = rest.readInteger(as: UInt8.self), let level = rest.readInteger(as: UInt8.self),
      let lengthSize = rest.readInteger(as: UInt8.self), let count = rest.readInteger(as: UInt8.self)
    else {
      throw .truncated(.avcConfiguration, needed: 7, available: record.readableBytes)
    }
    try Self.check(Int(version), .configurationVersion, in: 1...1)
    let sequenceSets = try Self.readSets(&rest, count: Int(count & 0x1F))
    guard let pictureCount = rest.readInteger(as: UInt8.self) else {
      throw .truncated(.avcConfiguration, needed: 1, available: 0)
    }
    let pictureSets = try Self.readSets(&rest, count: Int(pictureCount))
    try self.init(
      profile: profile, compatibility: compatibility, level: level, nalLengthSize: Int(lengthSize & 0b11) + 1,
      sequenceParameterSets: sequenceSets, pictureParameterSets: pictureSets, extensions: rest.slice())
  }

  /// Appends the record.
  public func write(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(1 as UInt8, profile, compatibility, level)
    // The initialiser checked that all these fit.
    buffer.writeInteger(0xFC | UInt8(truncatingIfNeeded: nalLengthSize - 1))
    buffer.writeInteger(0xE0 | UInt8(truncatingIfNeeded: sequenceParameterSets.count))
    Self.writeSets(sequenceParameterSets, into: &buffer)
    buffer.writeInteger(UInt8(truncatingIfNeeded: pictureParameterSets.count))
    Self.writeSets(pictureParameterSets, into: &buffer)
    buffer.writeImmutableBuffer(extensions)
  }

  private static func readSets(_ buffer: inout ByteBuffer, count: Int) throws(FLVError) -> [ByteBuffer] {
    var sets: [ByteBuffer] = []
    for _ in 0..<count {
      guard let length = buffer.readInteger(as: UInt16.self), let unit = buffer.readSlice(length: Int(length)) else {
        throw .truncated(.avcConfiguration, needed: 3, available: buffer.readableBytes)
      }
      sets.append(unit)
    }
    return sets
  }

  private static func writeSets(_ sets: [ByteBuffer], into buffer: inout ByteBuffer) {
    for unit in sets {
      buffer.writeInteger(UInt16(truncatingIfNeeded: unit.readableBytes))
      buffer.writeImmutableBuffer(unit)
    }
  }

  private static func check(nalLengthSize size: Int) throws(FLVError) {
    // Three bytes is the one size between 1 and 4 that the standard leaves out.
    guard size == 1 || size == 2 || size == 4 else {
      throw .outOfRange(.avcConfiguration, .nalLengthSize, value: size, allowed: 1...4)
    }
  }

  private static func check(_ value: Int, _ field: FLVError.Field, in allowed: ClosedRange<Int>) throws(FLVError) {
    guard allowed.contains(value) else {
      throw .outOfRange(.avcConfiguration, field, value: value, allowed: allowed)
    }
  }

  private static func check(_ unit: ByteBuffer, nalUnitType expected: UInt8) throws(FLVError) {
    try check(unit.readableBytes, .parameterSetLength, in: 1...Int(UInt16.max))
    let first: UInt8 = unit.getInteger(at: unit.readerIndex) ?? 0
    guard first & 0x1F == expected else { throw .wrongNALUnitType(expected: expected, found: first & 0x1F) }
  }
}
