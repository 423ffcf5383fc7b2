import RTMP

/// Something in a recorded session that breaks a rule, or that servers are known to stumble over.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
  /// The rule; "spec" is Adobe's RTMP specification 1.0.
  public enum Rule: Sendable, Equatable {
    /// The rest of the direction cannot be read.
    case unreadable(RTMPError)
    /// A message that breaks the layout of its type.
    case malformed(RTMPError)
    /// Chunks below 128 bytes (spec 5.4.1).
    case smallChunkSize(UInt32)
    /// Protocol control anywhere but on chunk stream 2 and message stream 0 (spec 5.4).
    case controlOutOfPlace(type: UInt8, chunkStream: Int, streamID: UInt32)
    /// A message type that the specification does not name.
    case unknownType(UInt8)
    /// Sound or pictures on message stream 0, which is the connection's own (spec 6.1).
    case mediaOnConnection
    /// A time stamp before the last one of its kind, in milliseconds.
    case backwards(kind: String, from: Int64, to: Int64)
    /// A media message that is none of its codec.
    case damagedMedia(kind: String, String)
    /// A frame before the configuration that it needs.
    case configurationMissing(codec: String)
    /// The rate in the tag is not the codec's.
    case wrongRate(codec: String, stated: Int, real: Int)
    /// A frame is shown after one that follows it: pictures are reordered.
    case reordered
    /// A command that wants an answer has transaction 0 (spec 7.2.1), so that none can be told from another.
    case noTransaction(command: String)
    /// `deleteStream` names its stream by text.
    case deleteByName
    /// A chunk size of more bytes than a message can have (5.4.1).
    case largeChunkSize(UInt32)
    /// Something else than protocol control on chunk stream 2, which is reserved for it (5.3.1.1).
    case reservedChunkStream(type: UInt8)
    /// A user control event that the specification does not name (7.1.7).
    case unknownUserControl(event: UInt16)
    /// A command before `connect` (7.2.1.1).
    case beforeConnect(command: String)
    /// A second `connect` on the connection.
    case connectedTwice
    /// `connect` without a field that servers need (7.2.1.1).
    case connectFieldMissing(String)
    /// `connect` on a message stream other than 0 (7.2.1).
    case connectOffConnection(streamID: UInt32)
    /// `publish` or `play` before any `createStream` (7.2.1.3), or on message stream 0.
    case noStream(command: String, streamID: UInt32)
    /// Sound or pictures of the client on a stream that it does not publish on (7.2.2.6).
    case unpublishedMedia(streamID: UInt32)
    /// An answer to a call that the other side has not made (7.1.1).
    case answerWithoutCall(name: String, transaction: Double)
    /// More than two windows of the other side's bytes without an acknowledgement (5.4.3, 5.4.4).
    case unacknowledged(window: UInt32)
    /// C2 or S2 does not repeat the other's random bytes (5.2.4).
    case handshakeNotEchoed
    /// The client left without `deleteStream` or `closeStream`.
    case leftWithoutClosing

    /// One line for people.
    var text: String {
      switch self {
      case .unreadable(let error): "nothing behind this can be read: \(error)"
      case .malformed(let error): "\(error)"
      case .smallChunkSize(let size): "chunk size \(size) is below 128 (spec 5.4.1)"
      case .controlOutOfPlace(let type, let chunkStream, let streamID):
        "control message of type \(type) on chunk stream \(chunkStream), message stream \(streamID), not 2 and 0 (spec 5.4)"
      case .unknownType(let type): "message type \(type) is none of the specification's (spec 5.4, 7.1)"
      case .mediaOnConnection: "media on message stream 0 (spec 6.1)"
      case .backwards(let kind, let from, let to): "\(kind) goes back from \(from) ms to \(to) ms"
      case .damagedMedia(let kind, let why): "\(kind) that is none: \(why)"
      case .configurationMissing(let codec): "\(codec) before its configuration"
      case .wrongRate(let codec, let stated, let real): "\(codec) is stated as \(stated) Hz and is \(real) Hz"
      case .reordered: "pictures are shown in another order than sent (B-frames)"
      case .noTransaction(let command): "\(command) with transaction 0 asks for no answer (spec 7.2.1)"
      case .deleteByName: "deleteStream names its stream by text, not by number (spec 7.2.2.3)"
      case .largeChunkSize(let size): "chunk size \(size) is above 16777215, what a message can have (spec 5.4.1)"
      case .reservedChunkStream(let type):
        "message type \(type) on chunk stream 2, which is for protocol control (spec 5.3.1.1)"
      case .unknownUserControl(let event): "user control event \(event) is none of the specification's (spec 7.1.7)"
      case .beforeConnect(let command): "\(command) before connect (spec 7.2.1.1)"
      case .connectedTwice: "a second connect on the same connection (spec 7.2.1.1)"
      case .connectFieldMissing(let field): "connect without \(field) (spec 7.2.1.1)"
      case .connectOffConnection(let stream): "connect on message stream \(stream), not 0 (spec 7.2.1)"
      case .noStream(let command, let stream):
        "\(command) on message stream \(stream), which createStream has not made (spec 7.2.1.3)"
      case .unpublishedMedia(let stream): "media on message stream \(stream) without publish (spec 7.2.2.6)"
      case .answerWithoutCall(let name, let transaction):
        "\(name) to transaction \(transaction.plain), which nobody asked for (spec 7.1.1)"
      case .unacknowledged(let window):
        "no acknowledgement for more than two windows of \(window) bytes (spec 5.4.3)"
      case .handshakeNotEchoed: "the second part of the handshake does not repeat the other side's (spec 5.2.4)"
      case .leftWithoutClosing: "left without closing its stream"
      }
    }
  }

  /// The packet it was found in, counted from 1.
  public let packet: Int
  /// Where that packet stands in the file.
  public var offset = 0
  /// Milliseconds since the client's first byte.
  public let milliseconds: Int64
  /// `client` or `server`.
  public let side: String
  /// What it is.
  public let rule: Rule
  /// How often it was found; only the first place is kept.
  public internal(set) var count = 1

  /// One line for people.
  public var description: String {
    "packet \(packet) at offset \(offset), \(side): \(rule.text)\(count > 1 ? " (\(count) times)" : "")"
  }
}
