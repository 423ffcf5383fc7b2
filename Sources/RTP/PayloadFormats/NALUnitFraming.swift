import NIOCore

/// How NAL units stand one behind another in an access unit.
public enum NALUnitFraming: Sendable, Hashable {
  /// Start codes of three or four bytes (ITU-T H.264, annex B).
  case annexB
  /// Big-endian lengths (ISO/IEC 14496-15, section 5.3.4) of one byte.
  case oneByteLengths
  /// Big-endian lengths of two bytes.
  case twoByteLengths
  /// Big-endian lengths of four bytes.
  case fourByteLengths

  /// The framing of an AVC configuration record; nil for a size other than 1, 2 or 4.
  public init?(nalLengthSize: Int) {
    switch nalLengthSize {
    case 1: self = .oneByteLengths
    case 2: self = .twoByteLengths
    case 4: self = .fourByteLengths
    default: return nil
    }
  }

  /// Finds the NAL units; empty ones are passed over.
  ///
  /// - Throws: `invalidNALUnitLength`, `forbiddenBitSet`, or `tooManyPackets` for more units than a frame has packets.
  func scan(_ accessUnit: ByteBuffer, into units: inout [NALUnit]) throws(RTPError) {
    units.removeAll(keepingCapacity: true)
    switch self {
    case .annexB: try scanStartCodes(accessUnit, into: &units)
    case .oneByteLengths: try scanLengths(UInt8.self, accessUnit, into: &units)
    case .twoByteLengths: try scanLengths(UInt16.self, accessUnit, into: &units)
    case .fourByteLengths: try scanLengths(UInt32.self, accessUnit, into: &units)
    }
  }

  private func scanLengths<Length: FixedWidthInteger & UnsignedInteger>(
    _: Length.Type, _ accessUnit: ByteBuffer, into units: inout [NALUnit]
  ) throws(RTPError) {
    var offset = 0
    let size = accessUnit.readableBytes
    while offset < size {
      guard let prefix: Length = accessUnit.getInteger(at: accessUnit.readerIndex + offset) else {
        throw .invalidNALUnitLength(length: 0, available: size - offset)
      }
      offset += MemoryLayout<Length>.size
      let length = Int(prefix)
      guard length <= size - offset else {
        throw .invalidNALUnitLength(length: length, available: size - offset)
      }
      try add(offset..<offset + length, of: accessUnit, to: &units)
      offset += length
    }
  }

  private func scanStartCodes(_ accessUnit: ByteBuffer, into units: inout [NALUnit]) throws(RTPError) {
    let size = accessUnit.readableBytes
    guard var start = Self.endOfStartCode(accessUnit, from: 0) else {
      throw .invalidNALUnitLength(length: 0, available: size)
    }
    while start < size {
      let next = Self.endOfStartCode(accessUnit, from: start)
      var end = next.map { $0 - 3 } ?? size
      // The zeros before a start code, and those at the very end, belong to no NAL unit.
      while end > start, accessUnit.getInteger(at: accessUnit.readerIndex + end - 1, as: UInt8.self) == 0 { end -= 1 }
      try add(start..<end, of: accessUnit, to: &units)
      guard let next else { return }
      start = next
    }
  }

  /// The offset behind the next 00 00 01.
  private static func endOfStartCode(_ accessUnit: ByteBuffer, from start: Int) -> Int? {
    accessUnit.withUnsafeReadableBytes { bytes in
      var index = start + 2
      while index < bytes.count {
        switch bytes[index] {
        case 0: index += 1
        case 1 where bytes[index - 1] == 0 && bytes[index - 2] == 0: return index + 1
        // No start code can end before three bytes behind a byte that is neither 0 nor its own end.
        default: index += 3
        }
      }
      return nil
    }
  }

  private func add(_ range: Range<Int>, of accessUnit: ByteBuffer, to units: inout [NALUnit]) throws(RTPError) {
    guard !range.isEmpty, let header: UInt8 = accessUnit.getInteger(at: accessUnit.readerIndex + range.lowerBound)
    else { return }
    guard header & 0x80 == 0 else { throw .forbiddenBitSet(header: header) }
    guard units.count < PacketizedFrame.maximumPackets else {
      throw .tooManyPackets(count: units.count + 1, limit: PacketizedFrame.maximumPackets)
    }
    units.append(NALUnit(header: header, range: range))
  }
}
