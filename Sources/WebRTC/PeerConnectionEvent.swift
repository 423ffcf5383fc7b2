import NIOCore

/// What the owner of a connection must know.
public enum PeerConnectionEvent: Hashable, Sendable {
  /// Keys are there and the certificate is the signalled one: media can be sent.
  case connected
  /// The receiver of a section cannot go on without a key frame (PLI or FIR).
  case keyFrameRequested(section: Int)
  /// What the receiver of a section says of it.
  case receiverReport(section: Int, ReceptionReport)
  /// What may be sent has changed by a twentieth or more; see ``PeerConnection/bitRate``.
  case bitRateChanged
  /// The connection is over; it comes once, and nothing comes after it.
  case closed(PeerConnectionClosure)
}

/// How well a stream arrives (RFC 3550 section 6.4.1).
public struct ReceptionReport: Hashable, Sendable {
  /// Share of packets lost since the report before, in 1/256.
  public var fractionLost: UInt8
  /// Packets lost since the beginning; negative if duplicates outnumber losses.
  public var cumulativeLost: Int32
  /// Interarrival jitter in ticks of the RTP clock.
  public var jitter: UInt32
  /// There and back, if the receiver has seen a sender report.
  public var roundTrip: TimeAmount?
}

/// Why a connection is over.
public enum PeerConnectionClosure: Hashable, Sendable {
  /// The owner closed it; no event tells of that.
  case local
  /// The peer said goodbye: a close_notify or a fatal alert, with its text.
  case dtlsAlert(String)
  /// Nothing authenticated came for 30 s (RFC 7675 has the peer's side of it).
  case consentExpired
  /// The peer's certificate is not the one its description promised (RFC 8122 section 6.2).
  case wrongFingerprint
  /// The handshake went wrong, with OpenSSL's or libsrtp's reason.
  case dtlsFailed(String)
  /// No end of the handshake after 30 s.
  case handshakeTimedOut
}
