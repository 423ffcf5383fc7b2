import NIOCore

/// G.711: the samples are the payload, a byte each (RFC 3551, section 4.5.14).
public struct G711Packetizer: Sendable {
  /// How a sample is coded.
  public enum Law: Sendable, Hashable {
    /// PCMU.
    case mu
    /// PCMA.
    case a
  }

  private let law: Law
  private let maximumPayload: Int

  /// - Parameter maximumPayload: Bytes, within `FrameSize.payloadRange`.
  public init(_ law: Law, maximumPayload: Int = FrameSize.defaultPayload) {
    precondition(FrameSize.payloadRange.contains(maximumPayload))
    self.law = law
    self.maximumPayload = maximumPayload
  }

  /// - Parameters:
  ///   - frame: Samples at 8 kHz, one channel; 160 of them are the usual 20 ms.
  ///   - mediaTime: Ticks at 8 kHz since media time zero.
  ///   - startsTalkSpurt: The first sound after a pause in which nothing was sent; sets the marker bit.
  /// - Throws: `emptyFrame`, or `frameTooLarge` for more than one payload.
  public mutating func packetize(
    _ frame: ByteBuffer, mediaTime: Int64, startsTalkSpurt: Bool = false
  ) throws(RTPError) -> PacketizedFrame {
    try PacketizedFrame(
      codec: law == .mu ? .pcmu : .pcma, wholeFrame: frame, mediaTime: mediaTime, marker: startsTalkSpurt,
      maximumPayload: maximumPayload)
  }
}
