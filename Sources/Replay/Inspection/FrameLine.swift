import FLV
import NIOCore
import RTMP

/// One message of a recorded session as a line for people, for `flashgate inspect --frames`.
public struct FrameLine: Sendable, Equatable, CustomStringConvertible {
  /// Milliseconds since the client's first byte.
  public let milliseconds: Int64
  /// The packet that made the message whole.
  public let packet: Int
  /// `client` or `server`.
  public let side: String
  /// What the message is.
  public let text: String

  /// The columns, apart by two blanks.
  public var description: String { "\(milliseconds)  \(packet)  \(side)  \(text)" }

  /// All messages of a session in the order of the capture, read as they are asked for.
  public static func all(of session: RecordedSession) -> some Sequence<FrameLine> {
    sequence(state: SessionTrace(session)) { trace in
      guard let entry = trace.next() else { return nil }
      return FrameLine(
        milliseconds: entry.time / 1000, packet: entry.packet, side: entry.side.rawValue,
        text: text(of: entry.message))
    }
  }

  private static func text(of message: ObservedMessage) -> String {
    switch message.content {
    case .setChunkSize(let size): "set chunk size \(size)"
    case .abort(let chunkStream): "abort on chunk stream \(chunkStream)"
    case .acknowledgement(let bytes): "acknowledgement of \(bytes) bytes"
    case .windowAcknowledgementSize(let size): "window acknowledgement size \(size)"
    case .setPeerBandwidth(let size): "set peer bandwidth \(size)"
    case .userControl(let event): "user control event \(event)"
    case .command(let name, let transaction, let object, let arguments):
      "\(name) transaction \(transaction.plain) stream \(message.streamID) "
        + ([object] + arguments).map(\.plainText).joined(separator: " ")
    case .data(let handler, let metadata): "data \(handler ?? "without AMF") \(metadata?.plainText ?? "")"
    case .media(let media): "\(text(of: media)) at \(media.timestamp) ms, \(message.length) bytes"
    case .sharedObject: "shared object, \(message.length) bytes"
    case .unknown: "message type \(message.type), \(message.length) bytes"
    case .malformed(let error): "malformed: \(error)"
    }
  }

  private static func text(of media: MediaMessage) -> String {
    var body = media.body
    do throws(FLVError) {
      guard media.kind == .video else {
        let header = try AudioTagHeader.read(from: &body)
        return "audio \(header.soundFormat)\(header.aacPacketType == .sequenceHeader ? " configuration" : "")"
      }
      let header = try VideoTagHeader.read(from: &body)
      let kind =
        if header.avcPacketType == .sequenceHeader { "configuration" } else {
          header.isKeyFrame ? "key frame" : "\(header.frameType)"
        }
      return "video \(header.codec) \(kind)"
    } catch {
      return "\(media.kind) that is none (\(error))"
    }
  }
}

extension Double {
  /// Without a fraction where there is none.
  var plain: String { self == rounded() && abs(self) < 1e15 ? "\(Int64(self))" : "\(self)" }
}
