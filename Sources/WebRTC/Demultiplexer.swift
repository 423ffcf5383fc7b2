import NIOCore

/// What a datagram on the shared port is, told by its first bytes (RFC 7983 section 7, RFC 5761 section 4).
enum DatagramKind: Hashable, Sendable {
  case stun
  case dtls
  case srtp
  case srtcp
  case unknown

  init(of datagram: ByteBuffer) {
    guard let first: UInt8 = datagram.getInteger(at: datagram.readerIndex) else {
      self = .unknown
      return
    }
    switch first {
    case 0...3: self = .stun
    case 20...63: self = .dtls
    case 128...191:
      guard let second: UInt8 = datagram.getInteger(at: datagram.readerIndex + 1) else {
        self = .unknown
        return
      }
      // RTCP packet types 192...223 are RTP payload types 64...95 with the marker bit, which rtcp-mux keeps free.
      self = (192...223).contains(second) ? .srtcp : .srtp
    default: self = .unknown
    }
  }
}
