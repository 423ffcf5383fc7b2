import NIOCore

/// The eleven bytes in front of a tag's body in a file, read in place, and how likely they are such.
struct TagHeader {
  static let length = 11
  /// The header and the first byte of the body.
  static let sniffedLength = 12

  /// All eight bits: a value other than ``FLVTagType``'s is unknown or encrypted.
  let type: UInt8
  let bodySize: Int
  let timestamp: UInt32
  let streamID: UInt32
  private let firstByte: UInt8?

  /// `nil` where the bytes are not all there.
  init?(_ buffer: ByteBuffer, at index: Int) {
    guard index >= buffer.readerIndex, let head = buffer.getInteger(at: index, as: UInt32.self),
      let time = buffer.getInteger(at: index + 4, as: UInt32.self),
      let high = buffer.getInteger(at: index + 8, as: UInt8.self),
      let low = buffer.getInteger(at: index + 9, as: UInt16.self)
    else { return nil }
    type = UInt8(head >> 24)
    bodySize = Int(head & 0xFF_FFFF)
    timestamp = time >> 8 | time << 24
    streamID = UInt32(high) << 16 | UInt32(low)
    firstByte = bodySize > 0 ? buffer.getInteger(at: index + Self.length) : nil
  }

  /// What should stand behind the body.
  var previousTagSize: UInt32 { UInt32(truncatingIfNeeded: bodySize + Self.length) }

  /// Whether type and first byte of the body are such as players know. An empty body is allowed: Flash clients send it.
  var isPlausible: Bool {
    guard let type = FLVTagType(rawValue: type) else { return false }
    guard let firstByte else { return true }
    switch type {
    case .audio:
      return SoundFormat(rawValue: firstByte >> 4) != nil
    case .video:
      // With the top bit set it is Enhanced RTMP's header: nothing here reads it, but it is a tag.
      return firstByte >= 0x80
        || VideoFrameType(rawValue: firstByte >> 4) != nil && VideoCodecID(rawValue: firstByte & 0x0F) != nil
    case .scriptData:
      return true
    }
  }
}
