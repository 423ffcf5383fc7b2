import AMF
import NIOCore

/// A command (spec 7.1.1): a call, its result, or a notice. Types 20 (AMF0) and 17 (AMF3).
struct Command: Sendable, Hashable {
  var name: String
  /// 0: no answer is wanted.
  var transaction: Double
  /// The command object; null for most.
  var object: AMFValue
  var arguments: [AMFValue]

  init(_ name: String, transaction: Double = 0, object: AMFValue = .null, arguments: [AMFValue] = []) {
    self.name = name
    self.transaction = transaction
    self.object = object
    self.arguments = arguments
  }

  /// Reads `message`; nil when it is no command.
  init?(_ message: Message) throws(RTMPError) {
    guard message.type == .commandAMF0 || message.type == .commandAMF3 else { return nil }
    var body = message.body
    var values: [AMFValue] = []
    do throws(AMFError) {
      if Encoding.read(&body, isAMF3: message.type == .commandAMF3) == .amf3 {
        var decoder = AMF3Decoder()
        while body.readableBytes > 0, values.count < Self.mostValues { values.append(try decoder.decode(&body)) }
      } else {
        var decoder = AMF0Decoder()
        while body.readableBytes > 0, values.count < Self.mostValues { values.append(try decoder.decode(&body)) }
      }
    } catch {
      throw .malformedCommand(error)
    }
    guard values.count >= 2, let name = values[0].stringValue, let transaction = values[1].numberValue else {
      throw .commandWithoutName
    }
    self.name = name
    self.transaction = transaction
    object = values.count > 2 ? values[2] : .null
    arguments = Array(values.dropFirst(3))
  }

  /// The message to send, in AMF0, which every client reads whatever encoding it asked for.
  func message(streamID: UInt32 = 0, chunkStream: Int = OutgoingChunkStream.command) throws(RTMPError) -> Message {
    var body = ByteBuffer()
    var encoder = AMF0Encoder()
    do throws(AMFError) {
      try encoder.encode(.string(name), into: &body)
      try encoder.encode(.number(transaction), into: &body)
      try encoder.encode(object, into: &body)
      for argument in arguments { try encoder.encode(argument, into: &body) }
    } catch {
      throw .unencodable(error)
    }
    return Message(type: .commandAMF0, streamID: streamID, chunkStream: chunkStream, body: body)
  }

  /// More than any command has; bounds the work of one message.
  private static let mostValues = 64

  /// How a command's values are encoded.
  enum Encoding: Sendable {
    case amf0, amf3

    /// Takes the leading byte of an AMF3 message. Flash always sends 0 there: AMF0 follows, whose values may switch to
    /// AMF3 one by one (marker 0x11). A few libraries leave the byte out, so that a string's marker comes first.
    static func read(_ body: inout ByteBuffer, isAMF3: Bool) -> Encoding {
      guard isAMF3 else { return .amf0 }
      switch body.getInteger(at: body.readerIndex, as: UInt8.self) {
      case 0:
        body.moveReaderIndex(forwardBy: 1)
        return .amf0
      case 3:
        body.moveReaderIndex(forwardBy: 1)
        return .amf3
      default:
        return .amf0
      }
    }
  }
}
