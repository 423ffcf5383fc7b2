import NIOCore

/// Opus: one packet of the codec is one payload (RFC 7587, section 4.2).
public struct OpusPacketizer: Sendable {
  private let maximumPayload: Int

  /// - Parameter maximumPayload: Bytes, within `FrameSize.payloadRange`.
  public init(maximumPayload: Int = FrameSize.defaultPayload) {
    precondition(FrameSize.payloadRange.contains(maximumPayload))
    self.maximumPayload = maximumPayload
  }

  /// - Parameters:
  ///   - frame: One Opus packet.
  ///   - mediaTime: Ticks at 48 kHz since media time zero.
  ///   - startsTalkSpurt: The first sound after a pause in which nothing was sent; sets the marker bit.
  ///   - level: How loud it is, if that is known.
  /// - Throws: `emptyFrame`, or `frameTooLarge` for more than one payload.
  public mutating func packetize(
    _ frame: ByteBuffer, mediaTime: Int64, startsTalkSpurt: Bool = false, level: AudioLevel? = nil
  ) throws(RTPError) -> PacketizedFrame {
    try PacketizedFrame(
      codec: .opus, wholeFrame: frame, mediaTime: mediaTime, marker: startsTalkSpurt, level: level,
      maximumPayload: maximumPayload)
  }
}

extension PacketizedFrame {
  /// Sound that goes into one packet as it is.
  convenience init(
    codec: PayloadCodec, wholeFrame frame: ByteBuffer, mediaTime: Int64, marker: Bool, level: AudioLevel? = nil,
    maximumPayload: Int
  ) throws(RTPError) {
    let size = frame.readableBytes
    guard size > 0 else { throw .emptyFrame }
    guard size <= maximumPayload else { throw .frameTooLarge(size: size, limit: maximumPayload) }
    var writer = PayloadWriter(packets: 1, bytes: size)
    frame.withUnsafeReadableBytes { writer.append($0) }
    writer.endPayload()
    self.init(
      codec: codec, mediaTime: mediaTime, isKeyFrame: true, markedPacket: marker ? 0 : nil, audioLevel: level,
      taking: writer.finish())
  }
}
