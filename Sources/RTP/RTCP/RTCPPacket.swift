import NIOCore

/// One packet of an RTCP compound.
public enum RTCPPacket: Sendable, Hashable {
  /// SR, RFC 3550, section 6.4.1.
  case senderReport(SenderReport)
  /// RR, RFC 3550, section 6.4.2.
  case receiverReport(ReceiverReport)
  /// SDES, RFC 3550, section 6.5.
  case sourceDescription(SourceDescription)
  /// BYE, RFC 3550, section 6.6.
  case goodbye(Goodbye)
  /// NACK, RFC 4585, section 6.2.1.
  case genericNACK(GenericNACK)
  /// PLI, RFC 4585, section 6.3.1.
  case pictureLossIndication(PictureLossIndication)
  /// FIR, RFC 5104, section 4.3.1.
  case fullIntraRequest(FullIntraRequest)
  /// REMB, draft-alvestrand-rmcat-remb-03.
  case receiverEstimatedMaximumBitrate(ReceiverEstimatedMaximumBitrate)
  /// Transport-wide congestion control, draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.
  case transportFeedback(TransportFeedback)
  /// A type or feedback format that is not known here; read and passed over, never written.
  case unknown(type: UInt8, countOrFormat: UInt8)

  /// Bytes on the wire, 0 for an unknown packet.
  public var size: Int { body?.size ?? 0 }

  /// Appends the packet. An unknown packet writes nothing.
  ///
  /// - Throws: `tooManyEntries` or `textTooLong` for values that the wire has no room for.
  public func write(into buffer: inout ByteBuffer) throws(RTPError) {
    guard let body else { return }
    try body.write(into: &buffer)
  }

  /// Reads what follows the header.
  init(parsing body: inout ByteBuffer, type: UInt8, countOrFormat: UInt8) throws(RTPError) {
    switch (type, countOrFormat) {
    case (RTCPPacketType.senderReport, _):
      self = .senderReport(try SenderReport(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.receiverReport, _):
      self = .receiverReport(try ReceiverReport(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.sourceDescription, _):
      self = .sourceDescription(try SourceDescription(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.goodbye, _):
      self = .goodbye(try Goodbye(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.transportFeedback, FeedbackFormat.genericNACK):
      self = .genericNACK(try GenericNACK(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.transportFeedback, FeedbackFormat.transportWide):
      self = .transportFeedback(try TransportFeedback(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.payloadFeedback, FeedbackFormat.pictureLossIndication):
      self = .pictureLossIndication(try PictureLossIndication(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.payloadFeedback, FeedbackFormat.fullIntraRequest):
      self = .fullIntraRequest(try FullIntraRequest(parsing: &body, countOrFormat: countOrFormat))
    case (RTCPPacketType.payloadFeedback, FeedbackFormat.applicationLayer)
    where ReceiverEstimatedMaximumBitrate.recognizes(body):
      self = .receiverEstimatedMaximumBitrate(
        try ReceiverEstimatedMaximumBitrate(parsing: &body, countOrFormat: countOrFormat))
    default:
      self = .unknown(type: type, countOrFormat: countOrFormat)
    }
  }

  private var body: (any RTCPBody)? {
    switch self {
    case .senderReport(let report): report
    case .receiverReport(let report): report
    case .sourceDescription(let description): description
    case .goodbye(let goodbye): goodbye
    case .genericNACK(let request): request
    case .pictureLossIndication(let indication): indication
    case .fullIntraRequest(let request): request
    case .receiverEstimatedMaximumBitrate(let estimate): estimate
    case .transportFeedback(let feedback): feedback
    case .unknown: nil
    }
  }
}
