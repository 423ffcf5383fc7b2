import NIOCore

/// What the first bytes of a connection say it is.
///
/// At most ``longestToken`` bytes are looked at; none is consumed, so that the protocol's own handler reads them again.
public enum FirstBytes: Sendable, Hashable {
  /// Plain RTMP: C0 is 3, or a version that is reserved for later and is answered with 3 (Adobe RTMP 1.0, section 5.2.2).
  case rtmp
  /// Encrypted RTMP: C0 is 6, or 8 with an XTEA-coded signature.
  case rtmpe(version: UInt8)
  /// A TLS handshake record, content type 22 (RFC 8446, section 5.1).
  case tls
  /// An HTTP/1 request method followed by a space (RFC 9112, section 3).
  case http
  /// The text form of the PROXY protocol.
  case proxyV1
  /// The binary form of the PROXY protocol.
  case proxyV2
  /// `<`: a Flash socket policy request.
  case policyRequest
  /// A STUN message in a frame of RFC 4571: two bytes of length, then the message with its magic cookie (RFC 6544,
  /// section 3; RFC 8489, section 5).
  case ice
  /// Nothing that this gateway speaks.
  case garbage

  /// Bytes that settle every case.
  static let longestToken = 12

  /// Judges the bytes that have come so far.
  ///
  /// - Returns: nil while what came is a true prefix of something known.
  static func judge(_ bytes: some Collection<UInt8>) -> FirstBytes? {
    guard let first = bytes.first else { return nil }
    switch first {
    case 0x03: return .rtmp
    case 0x06, 0x08: return .rtmpe(version: first)
    case 0x16: return .tls
    case UInt8(ascii: "<"): return .policyRequest
    case 0x00...0x02: return judgeSTUN(bytes)
    // Version 9 is RTMPE by a cipher that is not served, and what begins with a carriage return may be a PROXY header.
    case 0x04...0x1F where first != 0x09 && first != 0x0D: return .rtmp
    default: break
    }
    var undecided = false
    for (token, meaning) in tokens
    where token[0] == first && bytes.prefix(token.count).elementsEqual(token.prefix(bytes.count)) {
      guard bytes.count < token.count else { return meaning }
      undecided = true
    }
    return undecided ? nil : .garbage
  }

  /// A connectivity check has less than 768 bytes, so its frame's length starts with a byte that begins nothing else.
  private static func judgeSTUN(_ bytes: some Collection<UInt8>) -> FirstBytes? {
    let head = Array(bytes.prefix(10))
    // The two topmost bits of a STUN message are zero; its length is a multiple of four, and its header has 20 bytes.
    if head.count > 2, head[2] & 0xC0 != 0 { return .garbage }
    if head.count > 5 {
      let (frame, message) = (Int(head[0]) << 8 | Int(head[1]), Int(head[4]) << 8 | Int(head[5]))
      guard message % 4 == 0, frame == message + 20 else { return .garbage }
    }
    guard head.dropFirst(6).elementsEqual(magicCookie.prefix(max(0, head.count - 6))) else { return .garbage }
    return head.count == 10 ? .ice : nil
  }

  private static let magicCookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]

  private static let tokens: [(token: [UInt8], meaning: FirstBytes)] =
    ["GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE "].map {
      (Array($0.utf8), .http)
    } + [
      (Array("PROXY ".utf8), .proxyV1),
      ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A], .proxyV2),
    ]
}

extension FirstBytes: CustomStringConvertible {
  /// The name used as a label of metrics and in logs.
  public var description: String {
    switch self {
    case .rtmp: "rtmp"
    case .rtmpe: "rtmpe"
    case .tls: "tls"
    case .http: "http"
    case .proxyV1: "proxy_v1"
    case .proxyV2: "proxy_v2"
    case .policyRequest: "policy"
    case .ice: "ice"
    case .garbage: "garbage"
    }
  }
}
