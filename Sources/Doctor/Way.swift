/// A way in: a protocol and a port.
public struct Way: Sendable, Hashable, Codable {
  /// What is spoken.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case rtmp, rtmpt, rtmps, rtmpts, rtmpe, rtmpte

    /// Inside HTTP requests.
    var isTunnelled: Bool { [.rtmpt, .rtmpts, .rtmpte].contains(self) }
    /// Inside TLS.
    var isInTLS: Bool { [.rtmps, .rtmpts].contains(self) }
  }

  /// The protocol.
  public let kind: Kind
  /// The TCP port.
  public let port: Int

  /// A way in.
  public init(_ kind: Kind, port: Int) {
    self.kind = kind
    self.port = port
  }

  /// All ways in the order in which Flash Player tries them for an address without a port: 1935, 443, 80, and then the
  /// tunnel on 80 (for `rtmp:` and `rtmpe:` alike); what is inside TLS on 443. An address with a port names the only one.
  public static func all(for url: LegacyURL) -> [Way] {
    if let port = url.port { return [Kind.rtmp, .rtmpt, .rtmps, .rtmpts, .rtmpe, .rtmpte].map { Way($0, port: port) } }
    return [
      Way(.rtmp, port: 1935), Way(.rtmp, port: 443), Way(.rtmp, port: 80), Way(.rtmpt, port: 80),
      Way(.rtmps, port: 443), Way(.rtmpts, port: 443),
      Way(.rtmpe, port: 1935), Way(.rtmpe, port: 443), Way(.rtmpe, port: 80), Way(.rtmpte, port: 80),
    ]
  }
}
