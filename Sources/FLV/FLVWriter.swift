import NIOCore

/// Writes an FLV file: the header once, then tags.
///
/// Source: Adobe Flash Video File Format 10.1, E.2 to E.4.1.
public struct FLVWriter: Sendable {
  /// A writer.
  public init() {}

  /// Appends the file's header and the size of the tag before the first one, 0.
  public func writeHeader(hasAudio: Bool, hasVideo: Bool, into buffer: inout ByteBuffer) {
    buffer.writeString("FLV")
    buffer.writeInteger(1, as: UInt8.self)
    buffer.writeInteger((hasAudio ? 0b100 : 0) | (hasVideo ? 0b001 : 0), as: UInt8.self)
    buffer.writeInteger(9, as: UInt32.self)
    buffer.writeInteger(0, as: UInt32.self)
  }

  /// Appends a tag and its size. Throws for a body of more than ``FLVTag/maximumBodySize`` bytes.
  public func write(_ tag: FLVTag, into buffer: inout ByteBuffer) throws(FLVError) {
    let size = tag.body.readableBytes
    guard size <= FLVTag.maximumBodySize else {
      throw .outOfRange(.fileTag, .tagSize, value: size, allowed: 0...FLVTag.maximumBodySize)
    }
    let length = UInt32(truncatingIfNeeded: size)
    buffer.reserveCapacity(minimumWritableBytes: size + 15)
    buffer.writeInteger(UInt32(tag.type.rawValue) << 24 | length)
    // The low 24 bits of the time come first, the high 8 after them, then a stream id of 0.
    buffer.writeInteger(tag.timestamp << 8 | tag.timestamp >> 24)
    buffer.writeInteger(0, as: UInt16.self)
    buffer.writeInteger(0, as: UInt8.self)
    buffer.writeImmutableBuffer(tag.body)
    buffer.writeInteger(length + 11)
  }
}
