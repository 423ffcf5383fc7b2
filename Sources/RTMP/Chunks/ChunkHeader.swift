/// A chunk's header (spec 5.3.1) as it stands on the wire: basic header of 1, 2 or 3 bytes, then 11, 7, 3 or 0 bytes,
/// then perhaps an extended time stamp.
struct ChunkHeader: Sendable, Hashable {
  /// 0...3: how many of the message's fields are stated.
  var format: UInt8
  /// 2...65 599.
  var chunkStream: Int
  /// Absolute for format 0, a difference for 1 and 2; the 24-bit field or, where that is full, the extended one.
  var time: UInt32 = 0
  var hasExtendedTime = false
  /// Of the whole message; formats 0 and 1.
  var length = 0
  /// Formats 0 and 1.
  var type: UInt8 = 0
  /// Format 0. Little-endian on the wire, alone of all fields.
  var streamID: UInt32 = 0

  /// 3 bytes basic header, 11 bytes message header, 4 bytes extended time stamp.
  static let maximumLength = 18
  /// A 24-bit time of this value says that the real one follows in 32 bits (5.3.1.3).
  static let extendedTimeMarker: UInt32 = 0xFF_FFFF

  /// The basic header and its length; nil when `bytes` end within it.
  @inline(__always)
  static func basic(_ bytes: UnsafeRawBufferPointer) -> (header: ChunkHeader, length: Int)? {
    guard let first = bytes.first else { return nil }
    let format = first >> 6
    switch first & 0x3F {
    case 0:
      guard bytes.count >= 2 else { return nil }
      return (ChunkHeader(format: format, chunkStream: 64 + Int(bytes[1])), 2)
    case 1:
      guard bytes.count >= 3 else { return nil }
      return (ChunkHeader(format: format, chunkStream: 64 + Int(bytes[1]) + Int(bytes[2]) << 8), 3)
    case let id:
      return (ChunkHeader(format: format, chunkStream: Int(id)), 1)
    }
  }

  /// Reads the fields of formats 0 to 2, which start at `offset`, and returns where they end; nil when `bytes` end
  /// within them.
  @inline(__always)
  mutating func readFields(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    var end = offset + Self.fieldsLength[Int(format)]
    guard bytes.count >= end else { return nil }
    time = UInt32(bytes[offset]) << 16 | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2])
    if format < 2 {
      length = Int(bytes[offset + 3]) << 16 | Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
      type = bytes[offset + 6]
    }
    if format == 0 {
      streamID = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 7, as: UInt32.self))
    }
    if time == Self.extendedTimeMarker {
      guard bytes.count >= end + 4 else { return nil }
      time = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
      hasExtendedTime = true
      end += 4
    }
    return end
  }

  private static let fieldsLength: InlineArray<4, Int> = [11, 7, 3, 0]
}
