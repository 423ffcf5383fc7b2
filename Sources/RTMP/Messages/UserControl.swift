import NIOCore

/// User control messages (spec 6.2, 7.1.7): type 4, an event of 16 bits and its data.
enum UserControl: Sendable, Hashable {
  /// The message stream has become usable; 0 is the connection.
  case streamBegin(UInt32)
  case streamEOF(UInt32)
  case streamDry(UInt32)
  /// The client buffers so many milliseconds of this stream.
  case setBufferLength(stream: UInt32, milliseconds: UInt32)
  case streamIsRecorded(UInt32)
  /// Asks for a response with the same time.
  case pingRequest(UInt32)
  case pingResponse(UInt32)
  /// Any other event, among them those that Flash sends undocumented (SWF verification, buffer states).
  case other(UInt16)

  /// Reads `message`; nil when it is of another type.
  init?(_ message: Message) throws(RTMPError) {
    guard message.type == .userControl else { return nil }
    var body = message.body
    guard body.readableBytes <= Self.longest, let event = body.readInteger(as: UInt16.self) else {
      throw .malformedMessage(type: message.type.rawValue, length: message.body.readableBytes)
    }
    switch event {
    case 0: self = .streamBegin(try Self.read(&body, of: message))
    case 1: self = .streamEOF(try Self.read(&body, of: message))
    case 2: self = .streamDry(try Self.read(&body, of: message))
    case 3:
      let stream = try Self.read(&body, of: message)
      self = .setBufferLength(stream: stream, milliseconds: try Self.read(&body, of: message))
    case 4: self = .streamIsRecorded(try Self.read(&body, of: message))
    case 6: self = .pingRequest(try Self.read(&body, of: message))
    case 7: self = .pingResponse(try Self.read(&body, of: message))
    default: self = .other(event)
    }
  }

  /// The message to send.
  var message: Message {
    var body = ByteBuffer()
    switch self {
    case .streamBegin(let stream): body.writeMultipleIntegers(UInt16(0), stream)
    case .streamEOF(let stream): body.writeMultipleIntegers(UInt16(1), stream)
    case .streamDry(let stream): body.writeMultipleIntegers(UInt16(2), stream)
    case .setBufferLength(let stream, let milliseconds): body.writeMultipleIntegers(UInt16(3), stream, milliseconds)
    case .streamIsRecorded(let stream): body.writeMultipleIntegers(UInt16(4), stream)
    case .pingRequest(let time): body.writeMultipleIntegers(UInt16(6), time)
    case .pingResponse(let time): body.writeMultipleIntegers(UInt16(7), time)
    case .other(let event): body.writeInteger(event)
    }
    return Message(type: .userControl, chunkStream: OutgoingChunkStream.control, body: body)
  }

  private static func read(_ body: inout ByteBuffer, of message: Message) throws(RTMPError) -> UInt32 {
    guard let value = body.readInteger(as: UInt32.self) else {
      throw .malformedMessage(type: message.type.rawValue, length: message.body.readableBytes)
    }
    return value
  }

  /// The longest known event is the answer to SWF verification, of 44 bytes.
  private static let longest = 64
}
