import NIOCore

/// Messages to bytes for one chunk size (spec 5.3).
///
/// Every message starts with a type 0 header, so its bytes depend on nothing but the message and the chunk size: what is
/// written once fits every receiver with the same chunk size, stream and time base. It costs 4 bytes a message against
/// the densest headers.
struct ChunkWriter: Sendable, Hashable {
  /// Our chunk size, in bytes; the peer must have been told (5.4.1).
  var chunkSize = 128
  /// Type 3 chunks of a message with an extended time stamp repeat it, as the specification wants (5.3.1.3). Some old
  /// senders do not; for tests.
  var repeatsExtendedTime = true

  /// Appends the chunks of `message`, whose chunk stream is 2...65 599 and whose body is at most 16 777 215 bytes long.
  func write(_ message: Message, into output: inout ByteBuffer) {
    let length = message.body.readableBytes
    precondition(length <= 0xFF_FFFF, "our own message is longer than 24 bits can say")
    let chunks = max(1, (length + chunkSize - 1) / chunkSize)
    output.reserveCapacity(minimumWritableBytes: length + ChunkHeader.maximumLength + (chunks - 1) * 7)
    let isExtended = message.timestamp >= ChunkHeader.extendedTimeMarker
    writeBasicHeader(format: 0, chunkStream: message.chunkStream, into: &output)
    write24(isExtended ? ChunkHeader.extendedTimeMarker : message.timestamp, into: &output)
    write24(UInt32(length), into: &output)
    output.writeInteger(message.type.rawValue)
    output.writeInteger(message.streamID, endianness: .little)
    if isExtended { output.writeInteger(message.timestamp) }

    message.body.withUnsafeReadableBytes { body in
      var at = 0
      while at < length {
        if at > 0 {
          writeBasicHeader(format: 3, chunkStream: message.chunkStream, into: &output)
          if isExtended, repeatsExtendedTime { output.writeInteger(message.timestamp) }
        }
        let end = min(at + chunkSize, length)
        output.writeBytes(UnsafeRawBufferPointer(rebasing: body[at..<end]))
        at = end
      }
    }
  }

  private func writeBasicHeader(format: UInt8, chunkStream: Int, into output: inout ByteBuffer) {
    let first = format << 6
    switch chunkStream {
    case ..<64:
      output.writeInteger(first | UInt8(chunkStream))
    case ..<320:
      output.writeInteger(first)
      output.writeInteger(UInt8(chunkStream - 64))
    default:
      output.writeInteger(first | 1)
      output.writeInteger(UInt16(chunkStream - 64), endianness: .little)
    }
  }

  private func write24(_ value: UInt32, into output: inout ByteBuffer) {
    output.writeInteger(UInt8(value >> 16 & 0xFF))
    output.writeInteger(UInt16(value & 0xFFFF))
  }
}
