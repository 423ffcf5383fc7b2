import NIOCore

/// A receiver that cannot go on without a key frame (RFC 4585, section 6.3.1).
public struct PictureLossIndication: RTCPBody {
  /// The source that reports.
  public var senderSSRC: UInt32
  /// The stream to be refreshed.
  public var mediaSSRC: UInt32

  /// An indication; see the properties.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
  }

  var packetType: UInt8 { RTCPPacketType.payloadFeedback }
  var countOrFormat: Int { Int(FeedbackFormat.pictureLossIndication) }
  var bodySize: Int { 8 }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    senderSSRC = try body.readField(of: RTCPPacketType.payloadFeedback)
    mediaSSRC = try body.readField(of: RTCPPacketType.payloadFeedback)
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(senderSSRC, mediaSSRC)
  }
}
