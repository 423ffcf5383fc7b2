import AMF
import NIOCore

/// Passes one direction of an RTMP connection on with some of its messages changed or left out, from its first byte on.
///
/// The handshake stays as it is. Every message that stays begins with a full header, so that what is left out leaves
/// nothing behind that others lean on; parts of an aggregate (spec 7.1.6) become messages of their own. The sender's chunk
/// sizes stay in force.
///
/// After a thrown error nothing more can be rewritten of this direction.
public struct DirectionRewriter: Sendable {
  /// A message to decide on.
  public enum Subject: Sendable {
    /// Sound or pictures.
    case media
    /// The values of a command (7.1.1), its name first.
    case command([AMFValue])
    /// The values of a data message (7.1.2), its handler's name first.
    case data([AMFValue])
    /// A shared object message (7.1.3).
    case sharedObject
    /// Of the connection itself (5.4, 6.2): carries numbers and nothing else.
    case control
    /// A type that the specification does not name, or values that are no AMF.
    case unreadable
  }

  /// What becomes of a message.
  public enum Fate: Sendable {
    /// It stays, byte by byte.
    case kept
    /// It gets these values; for commands and data.
    case replaced([AMFValue])
    /// It is left out.
    case leftOut
  }

  private enum Step {
    case handshake(missing: Int)
    case messages
  }

  private var step = Step.handshake(missing: 1 + 2 * HandshakeLayout.length)
  private var reader: ChunkReader
  private var writer = ChunkWriter()

  /// - Parameter limits: what one message may cost.
  public init(limits: RTMPLimits = .init()) {
    reader = ChunkReader(limits: limits)
  }

  /// Takes in all of `bytes` and returns what stays of the messages that are whole now.
  /// - Throws: the rule that is broken so that the rest cannot be read.
  public mutating func rewrite(
    _ bytes: inout ByteBuffer, by decide: (Subject) -> Fate
  ) throws(RTMPError) -> ByteBuffer {
    var output = passHandshake(&bytes)
    if case .handshake = step { return output }
    while let message = try reader.read(&bytes) {
      switch message.type {
      case .aggregate:
        var aggregate = Aggregate(message)
        while let part = try aggregate.next() { write(part, by: decide, into: &output) }
      // What it would break off was never written.
      case .abort: if case .abort(let stream) = try ProtocolControl(message) { reader.abort(chunkStream: stream) }
      case .setChunkSize:
        writer.write(message, into: &output)
        if case .setChunkSize(let size) = try ProtocolControl(message) {
          try reader.setChunkSize(size)
          writer.chunkSize = reader.chunkSize
        }
      default: write(message, by: decide, into: &output)
      }
    }
    return output
  }

  private mutating func passHandshake(_ bytes: inout ByteBuffer) -> ByteBuffer {
    guard case .handshake(let missing) = step, bytes.readableBytes > 0 else { return ByteBuffer() }
    let taken = bytes.readSlice(length: min(missing, bytes.readableBytes)) ?? ByteBuffer()
    step = taken.readableBytes == missing ? .messages : .handshake(missing: missing - taken.readableBytes)
    return taken
  }

  private func write(_ message: Message, by decide: (Subject) -> Fate, into output: inout ByteBuffer) {
    switch decide(Self.subject(of: message)) {
    case .kept: writer.write(message, into: &output)
    case .leftOut: break
    case .replaced(let values):
      // Values that have no form in AMF are left out like those that could not be read.
      guard let body = Self.body(of: values, like: message), body.readableBytes <= Self.longestBody else { return }
      var changed = message
      changed.body = body
      writer.write(changed, into: &output)
    }
  }

  private static func subject(of message: Message) -> Subject {
    switch message.type {
    case .audio, .video: .media
    case .sharedObjectAMF0, .sharedObjectAMF3: .sharedObject
    case .commandAMF0, .commandAMF3: values(of: message).map(Subject.command) ?? .unreadable
    case .dataAMF0, .dataAMF3: values(of: message).map(Subject.data) ?? .unreadable
    case .acknowledgement, .windowAcknowledgementSize, .setPeerBandwidth, .userControl: .control
    default: .unreadable
    }
  }

  private static func isAMF3(_ type: MessageType) -> Bool { type == .commandAMF3 || type == .dataAMF3 }

  private static func values(of message: Message) -> [AMFValue]? {
    var body = message.body
    var values: [AMFValue] = []
    do throws(AMFError) {
      switch Command.Encoding.read(&body, isAMF3: isAMF3(message.type)) {
      case .amf0:
        var decoder = AMF0Decoder()
        while body.readableBytes > 0, values.count < mostValues { values.append(try decoder.decode(&body)) }
      case .amf3:
        var decoder = AMF3Decoder()
        while body.readableBytes > 0, values.count < mostValues { values.append(try decoder.decode(&body)) }
      }
    } catch {
      return nil
    }
    return body.readableBytes == 0 ? values : nil
  }

  /// Nil for values that have no form in the message's encoding.
  private static func body(of values: [AMFValue], like message: Message) -> ByteBuffer? {
    var rest = message.body
    let encoding = Command.Encoding.read(&rest, isAMF3: isAMF3(message.type))
    // With the byte that says which encoding follows, if the message had it.
    var body =
      message.body.getSlice(
        at: message.body.readerIndex, length: message.body.readableBytes - rest.readableBytes) ?? ByteBuffer()
    do throws(AMFError) {
      switch encoding {
      case .amf0:
        var encoder = AMF0Encoder(allowsAMF3: isAMF3(message.type))
        for value in values { try encoder.encode(value, into: &body) }
      case .amf3:
        var encoder = AMF3Encoder()
        for value in values { try encoder.encode(value, into: &body) }
      }
    } catch {
      return nil
    }
    return body
  }

  /// More than any command has; bounds the work of one message.
  private static let mostValues = 64

  /// What 24 bits can say.
  private static let longestBody = 0xFF_FFFF
}
