/// What broke which rule, one case per layer; what the layer saw is inside.
public enum WebRTCError: Error, Hashable, Sendable {
  /// A datagram that looked like STUN is not a legal message.
  case stun(STUNFault)
  /// A session description cannot be read; `line` counts from one.
  case sdp(SDPFault, line: Int)
  /// An offer was read but cannot be answered.
  case negotiation(NegotiationFault)
  /// OpenSSL refused something that is needed before any peer is involved.
  case dtls(DTLSFault)
  /// libsrtp refused a session or its keys.
  case srtp(status: UInt32)
  /// A master or session key, or a salt, of a length that the profile does not have (RFC 7714 section 12).
  case srtpKeyLength(Int)
  /// A datagram in a TCP connection (RFC 4571) is longer than the limit.
  case streamFrameTooLong(bytes: Int, limit: Int)
}

/// The rules of RFC 8489 a datagram can break.
public enum STUNFault: Hashable, Sendable {
  /// Shorter than the 20-byte header.
  case truncatedHeader(count: Int)
  /// The two top bits of the type are not zero.
  case notSTUN(firstByte: UInt8)
  /// The magic cookie is another number.
  case wrongCookie(UInt32)
  /// The length field does not match the datagram or is no multiple of four.
  case wrongLength(stated: Int, present: Int)
  /// An attribute reaches past the end.
  case truncatedAttribute(type: UInt16, stated: Int, present: Int)
  /// An attribute's value has the wrong size for its type.
  case wrongAttributeSize(type: UInt16, count: Int)
  /// More attributes than the limit.
  case tooManyAttributes(limit: Int)
}

/// The rules of RFC 8866 and its companions a description can break, and our limits on it.
public enum SDPFault: Error, Hashable, Sendable {
  case tooLong(bytes: Int, limit: Int)
  case tooManyLines(limit: Int)
  case tooManySections(limit: Int)
  case lineTooLong(bytes: Int, limit: Int)
  case notText
  /// Not `x=value`.
  case notALine
  /// The first line must be `v=0`.
  case wrongVersion
  case missingOrigin
  case malformedOrigin
  case malformedMediaLine
  case malformedAttribute(name: String)
  /// A line type that the grammar does not have at this place.
  case unexpectedLine(type: Character)
}

/// Why an offer, though readable, has no answer.
public enum NegotiationFault: Error, Hashable, Sendable {
  /// The offer has no media section.
  case noSections
  /// No section can share the one transport (RFC 8843).
  case nothingAcceptable
  /// `a=ice-ufrag` or `a=ice-pwd` is missing or has an illegal length (RFC 8839 5.4).
  case missingICECredentials
  /// The offerer is ICE-lite too: nobody would send checks (RFC 8445 section 2.5).
  case bothLite
  /// No `a=fingerprint` with SHA-256, SHA-384 or SHA-512 (RFC 8122).
  case missingFingerprint
  /// A later offer brought another certificate; the DTLS association cannot change under way.
  case fingerprintChanged
  /// The offerer wants to be the DTLS server as well (RFC 5763 section 5).
  case setupNotActive(String)
  /// Two sections carry the same `a=mid` (RFC 5888).
  case duplicateMid(String)
  /// A later offer has fewer sections than the one before (RFC 3264 section 8).
  case sectionsRemoved(before: Int, now: Int)
}

/// A step of OpenSSL's that failed, with its reason text.
public struct DTLSFault: Hashable, Sendable {
  /// The call that failed.
  public let step: String
  /// OpenSSL's own words, empty if it left none.
  public let reason: String
}

extension WebRTCError: CustomStringConvertible {
  /// One line for a log.
  public var description: String {
    switch self {
    case .stun(let fault): "STUN: \(fault)"
    case .sdp(let fault, let line): "SDP line \(line): \(fault)"
    case .negotiation(let fault): "offer cannot be answered: \(fault)"
    case .dtls(let fault): "DTLS: \(fault.step) failed: \(fault.reason)"
    case .srtp(let status): "SRTP: libsrtp status \(status)"
    case .srtpKeyLength(let count): "SRTP: a key or salt of \(count) bytes"
    case .streamFrameTooLong(let bytes, let limit): "a datagram of \(bytes) bytes in a TCP connection, \(limit) may be"
    }
  }
}
