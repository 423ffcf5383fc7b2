import AMF
import NIOCore
import RTMP

/// Writes down what both sides of a replayed session say beside media, and hands on the client's media.
struct ConversationRecorder {
  /// What the client said that concerns media.
  enum ClientEvent {
    /// It connected to that application.
    case connect(app: String)
    /// It wants to publish under that name, with its query, on that stream.
    case publish(stream: UInt32, name: String)
    case media(MediaMessage)
  }

  private(set) var lines: [ConversationLine] = []
  /// Questions of the client that clients wait with, and that the gateway has not answered yet.
  private(set) var owed: Set<Question> = []
  private var client = DirectionObserver(isClient: true)
  private var gateway = DirectionObserver(isClient: false)
  /// Behind a break nothing can be told apart.
  private var isBroken: (client: Bool, gateway: Bool) = (false, false)

  /// What a client asks and waits for before it goes on.
  enum Question: Hashable {
    case transaction(Int64)
    /// Whether it may publish or play.
    case stream(UInt32)
  }

  /// What is not answered by now will not be.
  mutating func forgetOwed() { owed = [] }

  /// Bytes of the client.
  mutating func clientSaid(_ bytes: ByteBuffer, at place: CapturePlace, event: (ClientEvent) -> Void) {
    guard !isBroken.client else { return }
    var bytes = bytes
    do throws(RTMPError) {
      while let message = try client.next(&bytes) {
        if case .media(let media) = message.content {
          event(.media(media))
          continue
        }
        note(message, of: .client, at: place)
        if let news = Self.event(of: message) { event(news) }
      }
    } catch {
      isBroken.client = true
      noteBreak(error, of: .client, at: place)
    }
  }

  /// Bytes of the gateway.
  mutating func gatewaySaid(_ bytes: ByteBuffer, at place: CapturePlace) {
    guard !isBroken.gateway else { return }
    var bytes = bytes
    do throws(RTMPError) {
      while let message = try gateway.next(&bytes) { note(message, of: .gateway, at: place) }
    } catch {
      isBroken.gateway = true
      noteBreak(error, of: .gateway, at: place)
    }
  }

  private mutating func noteBreak(_ error: RTMPError, of side: ConversationLine.Side, at place: CapturePlace) {
    append(
      ConversationLine(
        side: side, kind: .malformed, name: "unreadable", details: [ResultToken.line("\(error)")], place: place))
  }

  private mutating func note(_ message: ObservedMessage, of side: ConversationLine.Side, at place: CapturePlace) {
    switch message.content {
    case .command(let name, let transaction, let object, let arguments):
      append(
        ConversationLine(
          side: side, kind: .command, name: name, transaction: Int64(exactly: transaction.rounded()) ?? -1,
          stream: message.streamID,
          details: ConversationDetails.of(object, arguments, masksArguments: side == .client && name == "connect"),
          place: place))
    case .data(let handler, _):
      append(
        ConversationLine(
          side: side, kind: .data, name: handler ?? "", stream: message.streamID,
          details: ConversationDetails.of(nil, message.dataArguments), place: place))
    case .sharedObject(let object):
      append(
        ConversationLine(
          side: side, kind: .sharedObject, name: object.name, stream: message.streamID,
          details: ConversationDetails.of(object), place: place))
    case .malformed(let error):
      append(
        ConversationLine(
          side: side, kind: .malformed, name: "type \(message.type)", stream: message.streamID,
          details: [ResultToken.line("\(error)")], place: place))
    case .media, .setChunkSize, .abort, .acknowledgement, .windowAcknowledgementSize, .setPeerBandwidth, .userControl,
      .unknown:
      break
    }
  }

  /// A client that talks without end is cut off: its result would grow without end.
  private mutating func append(_ line: ConversationLine) {
    follow(line)
    guard lines.count <= Self.longest else { return }
    lines.append(
      lines.count < Self.longest ? line : ConversationLine(side: line.side, kind: .malformed, name: "cut off"))
  }

  private mutating func follow(_ line: ConversationLine) {
    switch (line.side, line.name) {
    case (.client, "connect"), (.client, "createStream"):
      if owed.count < Self.mostOwed { owed.insert(.transaction(line.transaction)) }
    case (.client, "publish"), (.client, "play"):
      if owed.count < Self.mostOwed { owed.insert(.stream(line.stream)) }
    case (.gateway, "_result"), (.gateway, "_error"): owed.remove(.transaction(line.transaction))
    case (.gateway, "onStatus"): owed.remove(.stream(line.stream))
    default: break
    }
  }

  private static let longest = 20_000
  private static let mostOwed = 256

  private static func event(of message: ObservedMessage) -> ClientEvent? {
    guard case .command(let name, _, let object, let arguments) = message.content else { return nil }
    switch name {
    case "connect": return object.objectValue?["app"]?.stringValue.map { .connect(app: $0) }
    case "publish": return arguments.first?.stringValue.map { .publish(stream: message.streamID, name: $0) }
    default: return nil
    }
  }
}

/// Arguments as the lines of a result.
enum ConversationDetails {
  /// - Parameter masksArguments: leaves texts behind the object out; in `connect` they may be access keys.
  static func of(_ object: AMFValue?, _ arguments: [AMFValue], masksArguments: Bool = false) -> [String] {
    var details = object.map(lines) ?? []
    for argument in arguments {
      if masksArguments, argument.stringValue != nil {
        details.append("(text)")
      } else {
        details += lines(argument)
      }
    }
    return details.prefix(most).map { ResultToken.line(withoutKeys($0)) }
  }

  /// The events of a shared object, a line each.
  static func of(_ object: SharedObjectMessage) -> [String] {
    let head = ["version: \(object.version)"] + (object.isPersistent ? ["persistent"] : [])
    return (head + object.events.map(line)).prefix(most).map { ResultToken.line(withoutKeys($0)) }
  }

  private static func line(_ event: SharedObjectMessage.Event) -> String {
    switch event {
    case .use: "use"
    case .release: "release"
    case .requestChange(let name, let value): "request change \(ResultToken.quoted(name)): \(value.plainText)"
    case .change(let name, let value): "change \(ResultToken.quoted(name)): \(value.plainText)"
    case .success(let name): "success \(ResultToken.quoted(name))"
    case .send(let values): "send \(values.map(\.plainText).joined(separator: ", "))"
    case .status(let code, let level): "status \(ResultToken.quoted(code)) \(ResultToken.quoted(level))"
    case .clear: "clear"
    case .remove(let name): "remove \(ResultToken.quoted(name))"
    case .requestRemove(let name): "request remove \(ResultToken.quoted(name))"
    case .useSuccess: "use success"
    case .unknown(let type, let length): "event \(type), \(length) bytes"
    }
  }

  private static func lines(_ value: AMFValue) -> [String] {
    guard let fields = value.objectValue, !fields.properties.isEmpty else { return [value.plainText] }
    return fields.properties.map { "\($0.key): \($0.value.plainText)" }
  }

  /// The values of `key=` in queries, which open rooms.
  private static func withoutKeys(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let found = rest.firstRange(of: "key=") {
      result += rest[..<found.upperBound]
      let before = rest[..<found.lowerBound].last
      rest = rest[found.upperBound...]
      guard before == "?" || before == "&" else { continue }
      result += "(key)"
      rest = rest.drop { !"&?#\"".contains($0) }
    }
    return result + rest
  }

  private static let most = 200
}
