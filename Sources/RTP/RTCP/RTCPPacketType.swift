/// The packet types of RTCP (RFC 3550, section 12.1; RFC 4585, section 6.1).
enum RTCPPacketType {
  static let senderReport: UInt8 = 200
  static let receiverReport: UInt8 = 201
  static let sourceDescription: UInt8 = 202
  static let goodbye: UInt8 = 203
  static let transportFeedback: UInt8 = 205
  static let payloadFeedback: UInt8 = 206
}

/// The feedback message types, in the place of the count (RFC 4585, sections 6.2 and 6.3; RFC 5104, section 4.3).
enum FeedbackFormat {
  static let genericNACK: UInt8 = 1
  static let transportWide: UInt8 = 15
  static let pictureLossIndication: UInt8 = 1
  static let fullIntraRequest: UInt8 = 4
  static let applicationLayer: UInt8 = 15
}
