import NIOCore

/// What a chunk stream remembers from header to header, and the message it is in the middle of.
struct ChunkStream: Sendable {
  /// Fields of the latest message on this stream, which later headers leave out.
  var timestamp: UInt32 = 0
  /// Added by the next type 3 header that starts a message.
  var delta: UInt32 = 0
  /// The extended field of the latest header that had one; type 3 chunks may repeat it.
  var extendedTime: UInt32 = 0
  var streamID: UInt32 = 0
  var length: Int = 0
  /// Bytes of the message still to come; 0 between messages.
  var missing: Int = 0
  var type: UInt8 = 0
  var hasExtendedTime = false
  /// A type 0 or 1 header was seen.
  var isOpen = false
  /// What has come of the message, unless it was cut out of the receive buffer whole.
  var body = ByteBuffer()

  /// A format 0 time that is used as the next difference too, as the specification wants (5.3.1.2.4), is a frame's
  /// duration; a second and more can only be a clock's reading, sent by one of the many who mean "no difference".
  static let longestBelievableDelta: UInt32 = 1000

  /// Takes over a header that starts a message.
  @inline(__always)
  mutating func begin(_ header: ChunkHeader) {
    switch header.format {
    case 0:
      timestamp = header.time
      delta = header.time < Self.longestBelievableDelta ? header.time : 0
      streamID = header.streamID
    case 1, 2:
      delta = header.time
      timestamp &+= delta
    default:
      timestamp &+= delta
    }
    if header.format < 3 {
      hasExtendedTime = header.hasExtendedTime
      extendedTime = header.time
    }
    if header.format < 2 {
      length = header.length
      type = header.type
      isOpen = true
    }
    missing = length
  }

  /// Whether the four bytes at `offset` repeat the extended time stamp, which some senders leave out of type 3 chunks
  /// against the specification (5.3.1.3). nil while the bytes at hand leave it open.
  func repeatsExtendedTime(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool? {
    let available = min(4, bytes.count - offset)
    guard available > 0 else { return nil }
    // A sender may repeat the field as it was, or state the time of the message that starts here.
    let stated = missing > 0 ? timestamp : timestamp &+ delta
    guard
      Self.isPrefix(bytes, at: offset, count: available, of: extendedTime)
        || Self.isPrefix(bytes, at: offset, count: available, of: stated)
    else { return false }
    return available == 4 ? true : nil
  }

  private static func isPrefix(_ bytes: UnsafeRawBufferPointer, at offset: Int, count: Int, of field: UInt32) -> Bool {
    for index in 0..<count where bytes[offset + index] != UInt8(truncatingIfNeeded: field >> (24 - 8 * index)) {
      return false
    }
    return true
  }
}
