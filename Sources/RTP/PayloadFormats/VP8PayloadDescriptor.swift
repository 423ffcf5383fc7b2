import NIOCore

/// What stands before each VP8 payload (RFC 7741, section 4.2).
struct VP8PayloadDescriptor: Sendable, Hashable {
  /// Bytes of the descriptor that `write` makes.
  static let size = 4

  /// The payload begins a partition (S).
  var startsPartition: Bool
  /// Which partition (PID), 0 to 7.
  var partition: UInt8
  /// The frame may be dropped, nothing refers to it (N).
  var isNonReference = false
  /// Seven or fifteen bits (I, M).
  var pictureID: UInt16?
  /// TL0PICIDX (L).
  var baseLayerIndex: UInt8?

  init(startsPartition: Bool, partition: UInt8, pictureID: UInt16?) {
    self.startsPartition = startsPartition
    self.partition = partition
    self.pictureID = pictureID
  }

  /// Takes the descriptor off the payload; at least one byte must follow.
  init(parsing payload: inout ByteBuffer) throws(RTPError) {
    let size = payload.readableBytes
    let first = try payload.readByte(size)
    startsPartition = first & 0x10 != 0
    partition = first & 0x07
    isNonReference = first & 0x20 != 0
    if first & 0x80 != 0 {
      let flags = try payload.readByte(size)
      if flags & 0x80 != 0 {
        let high = try payload.readByte(size)
        pictureID = UInt16(high & 0x7F)
        if high & 0x80 != 0 { pictureID = UInt16(high & 0x7F) << 8 | UInt16(try payload.readByte(size)) }
      }
      if flags & 0x40 != 0 { baseLayerIndex = try payload.readByte(size) }
      // The layer and key index byte says nothing that joining a frame needs.
      if flags & 0x30 != 0 { _ = try payload.readByte(size) }
    }
    guard payload.readableBytes > 0 else { throw .truncatedPayload(codec: .vp8, size: size) }
  }

  /// Always the form with a 15-bit picture identification.
  func write(into writer: inout PayloadWriter) {
    writer.append(0x80 | (startsPartition ? 0x10 : 0) | partition & 0x07)
    writer.append(UInt8(0x80))
    writer.append(bigEndian: 0x8000 | (pictureID ?? 0))
  }
}

extension ByteBuffer {
  fileprivate mutating func readByte(_ size: Int) throws(RTPError) -> UInt8 {
    guard let byte: UInt8 = readInteger() else { throw .truncatedPayload(codec: .vp8, size: size) }
    return byte
  }
}
