import NIOCore

/// Both directions of a connection's protection.
final class SRTPSession {
  let outbound: SRTPContext
  private let inbound: SRTPContext
  /// Sources whose RTCP was let in. libsrtp keeps state for each source, so their number is bounded.
  private var reporters: [UInt32] = []

  init(_ keys: SRTPKeys) throws(WebRTCError) {
    self.outbound = try SRTPContext(profile: keys.profile, key: keys.outbound, direction: .outbound)
    self.inbound = try SRTPContext(profile: keys.profile, key: keys.inbound, direction: .inbound)
  }

  /// Checks and decrypts an RTP packet of one of the sources the peer has announced.
  func unprotect(_ packet: inout ByteBuffer, sources: [UInt32]) -> SRTPRejection? {
    guard let ssrc: UInt32 = packet.getInteger(at: packet.readerIndex + 8) else { return .malformed }
    guard sources.contains(ssrc) else { return .unknownSSRC }
    return self.inbound.unprotect(&packet, isRTCP: false)
  }

  /// Checks and decrypts an RTCP packet. A peer that only receives announces no source, so any source may report.
  func unprotectRTCP(_ packet: inout ByteBuffer) -> SRTPRejection? {
    guard let ssrc: UInt32 = packet.getInteger(at: packet.readerIndex + 4) else { return .malformed }
    let isKnown = self.reporters.contains(ssrc)
    guard isKnown || self.reporters.count < Self.maximumReporters else { return .unknownSSRC }
    let rejection = self.inbound.unprotect(&packet, isRTCP: true)
    if rejection == nil, !isKnown { self.reporters.append(ssrc) }
    return rejection
  }

  private static let maximumReporters = 64
}
