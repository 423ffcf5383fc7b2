/// Which way media flows, from the point of view of who says it (RFC 8866 section 6.7).
public enum MediaDirection: String, Hashable, Sendable {
  case sendrecv, sendonly, recvonly, inactive
}

/// The codec behind a payload type: `opus/48000/2`.
public struct RTPMap: Hashable, Sendable {
  /// 0 to 127.
  public var payloadType: UInt8
  /// As it was written; compare without case.
  public var encoding: String
  /// Hz
  public var clockRate: UInt32
  /// Channels of audio; nil if not said, which means one.
  public var channels: UInt8?

  /// A mapping; see the properties.
  public init(payloadType: UInt8, encoding: String, clockRate: UInt32, channels: UInt8? = nil) {
    self.payloadType = payloadType
    self.encoding = encoding
    self.clockRate = clockRate
    self.channels = channels
  }
}

/// A header extension (RFC 8285 section 5).
public struct ExtensionMap: Hashable, Sendable {
  /// 1 to 14 for the one-byte form.
  public var id: UInt16
  /// Who may use it, from the point of view of who says it; nil for both.
  public var direction: MediaDirection?
  /// What the extension means.
  public var uri: String

  /// A mapping; see the properties.
  public init(id: UInt16, direction: MediaDirection? = nil, uri: String) {
    self.id = id
    self.direction = direction
    self.uri = uri
  }

  /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 8843 section 15): which section a packet belongs to.
  static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
  /// When the packet left; receivers that estimate the bit rate themselves need it.
  static let absoluteSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
  /// The packet's number within the transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2).
  static let transportSequenceNumber = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
  /// How loud a packet is (RFC 6464): shows who speaks where the sound itself is off.
  static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
}

/// One `a=` line. What has no case of its own is kept as `other`.
public enum SDPAttribute: Hashable, Sendable {
  case mid(String)
  /// Semantics, and the mids of the group (RFC 5888).
  case group(String, mids: [String])
  case rtpmap(RTPMap)
  case fmtp(payloadType: UInt8, String)
  /// `payloadType` is nil for `*` (RFC 4585 section 4.2).
  case rtcpFeedback(payloadType: UInt8?, String)
  case extmap(ExtensionMap)
  case iceUfrag(String)
  case icePassword(String)
  case iceLite
  case candidate(Candidate)
  case endOfCandidates
  case fingerprint(Fingerprint)
  case setup(String)
  case direction(MediaDirection)
  case rtcpMux
  case rtcpReducedSize
  case bundleOnly
  /// Stream and track (RFC 8830).
  case msid(stream: String, track: String?)
  /// A source and something said of it, such as `cname:x` (RFC 5576).
  case ssrc(UInt32, String)
  case other(name: String, value: String?)
}
