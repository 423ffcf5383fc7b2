import NIOCore

/// What each RTCP packet type says about itself: its header fields, and what follows the four-byte header.
protocol RTCPBody: Sendable, Hashable {
  var packetType: UInt8 { get }
  /// The five bits beside version and padding: a count or a feedback format. More than 31 is refused when written.
  var countOrFormat: Int { get }
  /// Bytes behind the header, before rounding up to whole words.
  var bodySize: Int { get }
  /// Reads what follows the header; `body` ends where the packet ends, padding taken off.
  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError)
  /// Writes `bodySize` bytes.
  func writeBody(into buffer: inout ByteBuffer) throws(RTPError)
}

extension RTCPBody {
  /// Bytes on the wire, header and rounding included.
  var size: Int { 4 + (bodySize + 3) & ~3 }

  /// Appends the whole packet.
  func write(into buffer: inout ByteBuffer) throws(RTPError) {
    guard countOrFormat <= 31 else { throw .tooManyEntries(type: packetType, count: countOrFormat) }
    buffer.writeMultipleIntegers(UInt8(0x80 | countOrFormat), packetType, UInt16(truncatingIfNeeded: size / 4 - 1))
    let start = buffer.writerIndex
    try writeBody(into: &buffer)
    let written = buffer.writerIndex - start
    buffer.writeRepeatingByte(0, count: size - 4 - written)
  }
}

extension ByteBuffer {
  /// Reads an integer of an RTCP packet, or says how the packet is too short.
  mutating func readField<Number: FixedWidthInteger>(
    of type: UInt8, as: Number.Type = Number.self
  ) throws(RTPError) -> Number {
    guard let value: Number = readInteger() else {
      throw .truncatedReport(type: type, needed: MemoryLayout<Number>.size, available: readableBytes)
    }
    return value
  }
}
