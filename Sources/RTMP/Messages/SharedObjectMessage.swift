import AMF
import NIOCore

/// A shared object message (spec 7.1.3), read for those who look on: which object, and what happens to it.
///
///     name's length (16) | name | version (32) | persistence (32) | unused (32) | events: type (8), length (32), data
public struct SharedObjectMessage: Sendable, Hashable {
  /// What happens to the object, or to one of its properties.
  public enum Event: Sendable, Hashable {
    /// The client wants to use it, or lets it go.
    case use, release
    /// The client wants a property to be that.
    case requestChange(name: String, value: AMFValue)
    /// A property is that now.
    case change(name: String, value: AMFValue)
    /// The client's change of that property is accepted.
    case success(name: String)
    /// A call to all who use it: a handler's name and its arguments.
    case send([AMFValue])
    /// Something went wrong, or well: a code and its level.
    case status(code: String, level: String)
    /// It is empty from here on.
    case clear
    /// A property is gone, or should go.
    case remove(name: String), requestRemove(name: String)
    /// The client may use it.
    case useSuccess
    /// An event that the specification does not name.
    case unknown(type: UInt8, length: Int)
  }

  /// The object's name.
  public let name: String
  /// Its version, counted up with each change.
  public let version: UInt32
  /// Whether the server keeps it.
  public let isPersistent: Bool
  /// In their order; the first thousand.
  public let events: [Event]

  /// Reads a message's body.
  init(_ message: Message) throws(RTMPError) {
    var body = message.body
    let isAMF3 = message.type == .sharedObjectAMF3
    // As in commands, a zero comes first, and AMF0 follows.
    if isAMF3, body.getInteger(at: body.readerIndex, as: UInt8.self) == 0, body.readableBytes > 13 {
      body.moveReaderIndex(forwardBy: 1)
    }
    guard let name = Self.readText(&body), let version: UInt32 = body.readInteger(),
      let persistence: UInt32 = body.readInteger(), body.readInteger(as: UInt32.self) != nil
    else { throw .malformedMessage(type: message.type.rawValue, length: message.body.readableBytes) }
    var events: [Event] = []
    while events.count < Self.mostEvents, body.readableBytes > 0 {
      guard let type: UInt8 = body.readInteger(), let length: UInt32 = body.readInteger(),
        let data = body.readSlice(length: Int(length))
      else { throw .malformedMessage(type: message.type.rawValue, length: message.body.readableBytes) }
      events.append(try Self.event(type, data))
    }
    self.name = name
    self.version = version
    isPersistent = persistence & 2 != 0
    self.events = events
  }

  private static func event(_ type: UInt8, _ data: ByteBuffer) throws(RTMPError) -> Event {
    var data = data
    switch type {
    case 1: return .use
    case 2: return .release
    case 3, 4:
      guard let name = readText(&data) else { break }
      let value = data.readableBytes > 0 ? try readValue(&data) : .undefined
      return type == 3 ? .requestChange(name: name, value: value) : .change(name: name, value: value)
    case 5: if let name = readText(&data) { return .success(name: name) }
    case 6:
      var values: [AMFValue] = []
      while data.readableBytes > 0, values.count < mostValues { values.append(try readValue(&data)) }
      return .send(values)
    case 7: if let code = readText(&data), let level = readText(&data) { return .status(code: code, level: level) }
    case 8: return .clear
    case 9: if let name = readText(&data) { return .remove(name: name) }
    case 10: if let name = readText(&data) { return .requestRemove(name: name) }
    case 11: return .useSuccess
    default: break
    }
    return .unknown(type: type, length: data.readableBytes)
  }

  private static func readText(_ bytes: inout ByteBuffer) -> String? {
    let start = bytes.readerIndex
    guard let length: UInt16 = bytes.readInteger(), let text = bytes.readSlice(length: Int(length)) else {
      bytes.moveReaderIndex(to: start)
      return nil
    }
    return String(decoding: text.readableBytesView, as: UTF8.self)
  }

  private static func readValue(_ bytes: inout ByteBuffer) throws(RTMPError) -> AMFValue {
    do throws(AMFError) {
      var decoder = AMF0Decoder()
      return try decoder.decode(&bytes)
    } catch {
      throw .malformedCommand(error)
    }
  }

  private static let mostEvents = 1000
  private static let mostValues = 64
}
