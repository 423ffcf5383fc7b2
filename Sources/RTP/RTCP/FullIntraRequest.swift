import NIOCore

/// A receiver that wants a key frame of some streams (RFC 5104, section 4.3.1).
public struct FullIntraRequest: RTCPBody {
  /// One stream, and the number of the request for it.
  public struct Entry: Sendable, Hashable {
    /// The stream to be refreshed.
    public var ssrc: UInt32
    /// Another number is a new request; the same one is a repetition of the last.
    public var sequenceNumber: UInt8

    /// An entry; see the properties.
    public init(ssrc: UInt32, sequenceNumber: UInt8) {
      self.ssrc = ssrc
      self.sequenceNumber = sequenceNumber
    }
  }

  /// The source that reports.
  public var senderSSRC: UInt32
  /// At least one on the wire.
  public var entries: [Entry]

  /// A request; see the properties.
  public init(senderSSRC: UInt32, entries: [Entry]) {
    self.senderSSRC = senderSSRC
    self.entries = entries
  }

  var packetType: UInt8 { RTCPPacketType.payloadFeedback }
  var countOrFormat: Int { Int(FeedbackFormat.fullIntraRequest) }
  var bodySize: Int { 8 + entries.count * 8 }

  /// The media source in the header is to be 0 and is not looked at: the entries name the streams.
  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.payloadFeedback
    senderSSRC = try body.readField(of: type)
    _ = try body.readField(of: type, as: UInt32.self)
    guard body.readableBytes > 0 else { throw .malformedReport(type: type, format: countOrFormat) }
    entries = []
    while body.readableBytes > 0 {
      let ssrc = try body.readField(of: type, as: UInt32.self)
      let word = try body.readField(of: type, as: UInt32.self)
      entries.append(Entry(ssrc: ssrc, sequenceNumber: UInt8(truncatingIfNeeded: word >> 24)))
    }
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(senderSSRC, UInt32(0))
    for entry in entries { buffer.writeMultipleIntegers(entry.ssrc, UInt32(entry.sequenceNumber) << 24) }
  }
}
