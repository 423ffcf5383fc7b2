/// Why a capture cannot be replayed.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(String)
  /// The file is no capture, or breaks its format at that offset.
  case notACapture(offset: Int, String)
  /// The capture holds only the beginning of that packet.
  case cutPacket(packet: Int)
  /// The time of that packet is none.
  case impossibleTime(packet: Int)
  /// A session takes longer than a day, by its time stamps.
  case impossibleDuration(microseconds: Int64)
  /// The link type of the capture is not read by this version.
  case unsupportedLinkType(UInt16)
  /// Bytes of the client are missing before that packet.
  case missingBytes(packet: Int, count: Int)
  /// HTTP that breaks its format in that packet.
  case malformedHTTP(packet: Int, String)
  /// A tunnel's request of this number is not in the capture, though the one in that packet, behind it, is.
  case missingRequest(packet: Int, number: UInt32)
  /// The keys of TLS sessions could not be used.
  case undecryptable(String)
  /// Nothing in the capture looks like an RTMP client.
  case noSession
  /// The URL is not `rtmp://HOST[:PORT]`.
  case badURL(String)
  /// The gateway closed the connection in mid-session.
  case closedByServer(afterMilliseconds: Int64)
  /// The text of a golden result cannot be read from that line on, counted from 1.
  case badResult(line: Int, String)
  /// A result or report cannot be written.
  case unwritable(String)
  /// No report is made in the form that the file's name asks for.
  case noSuchReport(String)
  /// The report cannot be put into its form.
  case unwritableReport(String)
  /// The gateway could not be reached.
  case connection(String)

  /// One line for people.
  public var description: String {
    switch self {
    case .unreadable(let why): "cannot read the capture: \(why)"
    case .notACapture(let offset, let why): "not a capture: \(why) at offset \(offset)"
    case .cutPacket(let packet): "packet \(packet) was not captured whole; record without a length limit"
    case .impossibleTime(let packet): "packet \(packet) has an impossible time"
    case .impossibleDuration(let time): "a session of \(time / 1_000_000) s is longer than a day"
    case .unsupportedLinkType(let type): "link type \(type) is not read; record Ethernet, Linux cooked or raw IP"
    case .missingBytes(let packet, let count): "packet \(packet): \(count) bytes of the client before it are missing"
    case .malformedHTTP(let packet, let why): "packet \(packet): HTTP that is none: \(why)"
    case .missingRequest(let packet, let number):
      "packet \(packet): request \(number) of the tunnel before it is missing"
    case .undecryptable(let why): "TLS cannot be read: \(why)"
    case .noSession: "no RTMP client session in this capture"
    case .badURL(let url): "\(url) is not rtmp://HOST[:PORT]"
    case .closedByServer(let milliseconds):
      "the gateway refused, or closed in mid-session, after \(Double(milliseconds) / 1000) s"
    case .badResult(let line, let why): "golden result, line \(line): \(why)"
    case .unwritable(let why): "cannot write \(why)"
    case .noSuchReport(let file):
      "\(file): no report of that kind; there are \(ReplayReports.all.map { ".\($0.fileExtension)" }.joined(separator: ", "))"
    case .unwritableReport(let why): "no report can be made: \(why)"
    case .connection(let why): "no connection to the gateway: \(why)"
    }
  }
}

extension ReplayError {
  /// Whether the bytes themselves cannot be had.
  var isUnreadable: Bool { if case .unreadable = self { true } else { false } }
}
