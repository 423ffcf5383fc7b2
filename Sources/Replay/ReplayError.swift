/// Why a capture cannot be replayed.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(String)
  /// The file is no pcapng capture, or breaks its format at that offset.
  case notACapture(offset: Int, String)
  /// The link type of the capture is not read by this version.
  case unsupportedLinkType(UInt16)
  /// Bytes of the client are missing before that packet.
  case missingBytes(packet: Int, count: Int)
  /// Nothing in the capture looks like an RTMP client.
  case noSession
  /// The URL is not `rtmp://HOST[:PORT]`.
  case badURL(String)
  /// The gateway closed the connection in mid-session.
  case closedByServer(afterSeconds: Double)
  /// The gateway could not be reached, or the connection broke.
  case connection(String)

  public var description: String {
    switch self {
    case .unreadable(let why): "cannot read the capture: \(why)"
    case .notACapture(let offset, let why): "not a pcapng capture: \(why) at offset \(offset)"
    case .unsupportedLinkType(let type): "link type \(type) is not read yet; record raw IP (101)"
    case .missingBytes(let packet, let count): "packet \(packet): \(count) bytes of the client before it are missing"
    case .noSession: "no RTMP client session in this capture"
    case .badURL(let url): "\(url) is not rtmp://HOST[:PORT]"
    case .closedByServer(let seconds): "the gateway closed the connection after \(seconds) s"
    case .connection(let why): "connection: \(why)"
    }
  }
}
