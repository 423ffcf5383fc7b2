import NIOCore

/// The parameter sets in force, by their identifiers (ITU-T H.264, sections 7.4.2.1 and 7.4.2.2).
struct H264ParameterSets: Sendable {
  /// The largest parameter set kept, in bytes; real ones have less than 100.
  static let maximumSize = 1024

  private struct Entry: Sendable {
    let identifier: UInt32
    let bytes: ByteBuffer
  }

  private var sequenceSets: [Entry] = []
  private var pictureSets: [Entry] = []

  /// Both kinds are known.
  var isComplete: Bool { !sequenceSets.isEmpty && !pictureSets.isEmpty }

  /// All sets, those of sequences first, as NAL units.
  var units: [ByteBuffer] { sequenceSets.map(\.bytes) + pictureSets.map(\.bytes) }

  /// Takes a set in; it replaces the one of the same kind and identifier.
  ///
  /// - Throws: `invalidParameterSet` for one that is too large or has no valid identifier.
  mutating func insert(_ unit: ByteBuffer) throws(RTPError) {
    let type = (unit.getInteger(at: unit.readerIndex, as: UInt8.self) ?? 0) & 0x1F
    let size = unit.readableBytes
    guard size <= Self.maximumSize else { throw .invalidParameterSet(type: type, size: size) }
    switch type {
    case NALUnitType.sequenceParameterSet:
      // Profile, constraints and level stand before the identifier.
      try Self.insert(unit, type: type, identifierAt: 4, count: 32, into: &sequenceSets)
    case NALUnitType.pictureParameterSet:
      try Self.insert(unit, type: type, identifierAt: 1, count: 256, into: &pictureSets)
    default:
      throw .invalidParameterSet(type: type, size: size)
    }
  }

  private static func insert(
    _ unit: ByteBuffer, type: UInt8, identifierAt offset: Int, count: UInt32, into entries: inout [Entry]
  ) throws(RTPError) {
    guard let identifier = expGolomb(unit, at: offset), identifier < count else {
      throw .invalidParameterSet(type: type, size: unit.readableBytes)
    }
    let index = entries.firstIndex { $0.identifier >= identifier } ?? entries.count
    let isKnown = index < entries.count && entries[index].identifier == identifier
    if isKnown, entries[index].bytes == unit { return }
    // A copy: a slice would keep the whole message alive.
    let entry = Entry(identifier: identifier, bytes: ByteBuffer(bytes: unit.readableBytesView))
    if isKnown { entries[index] = entry } else { entries.insert(entry, at: index) }
  }

  /// Reads ue(v) (ITU-T H.264, section 9.1) of at most 17 bits. Values that short have no emulation prevention inside.
  private static func expGolomb(_ unit: ByteBuffer, at offset: Int) -> UInt32? {
    var window: UInt32 = 0
    var available = 0
    for index in offset..<offset + 3 {
      guard index < unit.readableBytes else { break }
      window |= UInt32(unit.getInteger(at: unit.readerIndex + index, as: UInt8.self) ?? 0) << (24 - available)
      available += 8
    }
    let zeros = window.leadingZeroBitCount
    guard 2 * zeros + 1 <= available else { return nil }
    return (window << zeros) >> (31 - zeros) - 1
  }
}
