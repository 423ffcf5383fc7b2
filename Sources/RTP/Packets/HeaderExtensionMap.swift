/// Which identifier a connection negotiated for each header extension (RFC 8285, section 5).
public struct HeaderExtensionMap: Sendable, Hashable {
  /// `urn:ietf:params:rtp-hdrext:sdes:mid`, RFC 8843, section 15.
  public var mediaID: UInt8?
  /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`.
  public var absoluteSendTime: UInt8?
  /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`.
  public var transportSequenceNumber: UInt8?
  /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level`, RFC 6464.
  public var audioLevel: UInt8?

  /// The identifiers of the extensions that both sides know; nil for one that was not negotiated.
  ///
  /// - Throws: `invalidExtensionIdentifier` for one that is not 1 to 14: one-byte headers only.
  public init(
    mediaID: UInt8? = nil, absoluteSendTime: UInt8? = nil, transportSequenceNumber: UInt8? = nil,
    audioLevel: UInt8? = nil
  ) throws(RTPError) {
    for case let identifier? in [mediaID, absoluteSendTime, transportSequenceNumber, audioLevel]
    where !(1...14).contains(identifier) {
      throw .invalidExtensionIdentifier(identifier)
    }
    self.mediaID = mediaID
    self.absoluteSendTime = absoluteSendTime
    self.transportSequenceNumber = transportSequenceNumber
    self.audioLevel = audioLevel
  }

  /// No extension negotiated.
  public init() {}
}
