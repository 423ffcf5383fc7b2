import NIOCore

/// Messages of the chunk layer itself (spec 5.4): types 1 to 3, 5 and 6.
enum ProtocolControl: Sendable, Hashable {
  /// Largest payload of the sender's chunks from now on, in bytes.
  case setChunkSize(UInt32)
  /// The message in progress on this chunk stream will not be finished.
  case abort(chunkStream: UInt32)
  /// Bytes the sender has received so far, modulo 2^32.
  case acknowledgement(UInt32)
  /// The sender of this wants an acknowledgement each time so many bytes arrived.
  case windowAcknowledgementSize(UInt32)
  /// The peer should send no more than so many bytes unacknowledged. Limit type: 0 hard, 1 soft, 2 dynamic.
  case setPeerBandwidth(UInt32, limitType: UInt8)

  /// Reads `message`; nil when it is of another kind.
  init?(_ message: Message) throws(RTMPError) {
    var body = message.body
    switch message.type {
    case .setChunkSize: self = .setChunkSize(try Self.read(&body, of: message))
    case .abort: self = .abort(chunkStream: try Self.read(&body, of: message))
    case .acknowledgement: self = .acknowledgement(try Self.read(&body, of: message))
    case .windowAcknowledgementSize: self = .windowAcknowledgementSize(try Self.read(&body, of: message))
    case .setPeerBandwidth:
      let window: UInt32 = try Self.read(&body, of: message)
      // Some senders leave the limit type out.
      self = .setPeerBandwidth(window, limitType: body.readInteger(as: UInt8.self) ?? 2)
    default: return nil
    }
  }

  /// The message to send.
  var message: Message {
    var body = ByteBuffer()
    let type: MessageType
    switch self {
    case .setChunkSize(let size):
      type = .setChunkSize
      body.writeInteger(size)
    case .abort(let chunkStream):
      type = .abort
      body.writeInteger(chunkStream)
    case .acknowledgement(let bytes):
      type = .acknowledgement
      body.writeInteger(bytes)
    case .windowAcknowledgementSize(let window):
      type = .windowAcknowledgementSize
      body.writeInteger(window)
    case .setPeerBandwidth(let window, let limitType):
      type = .setPeerBandwidth
      body.writeInteger(window)
      body.writeInteger(limitType)
    }
    return Message(type: type, chunkStream: OutgoingChunkStream.control, body: body)
  }

  private static func read(_ body: inout ByteBuffer, of message: Message) throws(RTMPError) -> UInt32 {
    let length = body.readableBytes
    guard length <= longest, let value = body.readInteger(as: UInt32.self) else {
      throw .malformedMessage(type: message.type.rawValue, length: length)
    }
    return value
  }

  /// Four bytes, five for the bandwidth; some room for senders that pad.
  private static let longest = 8
}
