import NIOCore

/// One NAL unit within an access unit: where it lies, and its header (ITU-T H.264, section 7.3.1).
struct NALUnit: Sendable, Hashable {
  /// The header byte: `forbidden_zero_bit`, `nal_ref_idc`, `nal_unit_type`.
  let header: UInt8
  /// Offset from the first readable byte of the access unit; header included, never empty.
  let range: Range<Int>

  var type: UInt8 { header & 0x1F }
}

/// The types of NAL units that are treated apart (ITU-T H.264, table 7-1; RFC 6184, table 1).
enum NALUnitType {
  static let slice: UInt8 = 1
  static let idrSlice: UInt8 = 5
  static let supplementalInformation: UInt8 = 6
  static let sequenceParameterSet: UInt8 = 7
  static let pictureParameterSet: UInt8 = 8
  static let accessUnitDelimiter: UInt8 = 9
  static let endOfSequence: UInt8 = 10
  static let endOfStream: UInt8 = 11
  static let fillerData: UInt8 = 12
  static let singleTimeAggregation: UInt8 = 24
  static let fragmentation: UInt8 = 28

  /// Coded slices of the primary picture, data partitions included.
  static func isSlice(_ type: UInt8) -> Bool { (slice...idrSlice).contains(type) }

  /// Delimiters and filler say nothing that RTP does not, and 0 and 24 to 31 would be taken for payload structures.
  static func isSent(_ type: UInt8) -> Bool {
    switch type {
    case 0, accessUnitDelimiter...fillerData, 24...: false
    default: true
    }
  }
}
