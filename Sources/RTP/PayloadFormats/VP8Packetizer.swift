import NIOCore

/// Cuts VP8 frames into payloads of equal size (RFC 7741).
///
/// Each payload has a four-byte descriptor with a 15-bit picture identification that runs on from frame to frame; all
/// of a frame is treated as partition 0.
public struct VP8Packetizer: Sendable {
  private let maximumPayload: Int
  private var pictureID: UInt16

  /// - Parameters:
  ///   - maximumPayload: Bytes, within `FrameSize.payloadRange`.
  ///   - firstPictureID: Only the low 15 bits count.
  public init(maximumPayload: Int = FrameSize.defaultPayload, firstPictureID: UInt16) {
    precondition(FrameSize.payloadRange.contains(maximumPayload))
    self.maximumPayload = maximumPayload
    pictureID = firstPictureID & 0x7FFF
  }

  /// A packetizer whose picture identification starts anywhere (RFC 7741, section 4.2).
  public init(maximumPayload: Int = FrameSize.defaultPayload, using generator: inout some RandomNumberGenerator) {
    self.init(maximumPayload: maximumPayload, firstPictureID: generator.next())
  }

  /// - Parameters:
  ///   - frame: One encoded picture. Whether it is a key frame stands in its first bit (RFC 6386, section 9.1).
  ///   - mediaTime: Ticks at 90 kHz since media time zero.
  /// - Throws: `emptyFrame`, `frameTooLarge` beyond `FrameSize.maximum`, or `tooManyPackets` with small payloads.
  public mutating func packetize(_ frame: ByteBuffer, mediaTime: Int64) throws(RTPError) -> PacketizedFrame {
    guard let first: UInt8 = frame.getInteger(at: frame.readerIndex) else { throw .emptyFrame }
    let size = frame.readableBytes
    guard size <= FrameSize.maximum else { throw .frameTooLarge(size: size, limit: FrameSize.maximum) }
    let split = EvenSplit(size: size, maximum: maximumPayload - VP8PayloadDescriptor.size)
    guard split.count <= PacketizedFrame.maximumPackets else {
      throw .tooManyPackets(count: split.count, limit: PacketizedFrame.maximumPackets)
    }
    var writer = PayloadWriter(packets: split.count, bytes: size + split.count * VP8PayloadDescriptor.size)
    frame.withUnsafeReadableBytes { bytes in
      for index in 0..<split.count {
        VP8PayloadDescriptor(startsPartition: index == 0, partition: 0, pictureID: pictureID).write(into: &writer)
        writer.append(UnsafeRawBufferPointer(rebasing: bytes[split.range(index)]))
        writer.endPayload()
      }
    }
    pictureID = (pictureID + 1) & 0x7FFF
    return PacketizedFrame(
      codec: .vp8, mediaTime: mediaTime, isKeyFrame: first & 1 == 0, markedPacket: split.count - 1,
      taking: writer.finish())
  }
}
