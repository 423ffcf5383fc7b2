import AMF
import NIOCore

/// Reads one direction of an RTMP connection that others hold, from its first byte on: what a capture has, or a tap
/// sees. It answers nothing and decides nothing.
///
/// After a thrown error nothing more can be read of this direction.
public struct DirectionObserver: Sendable {
  /// How the side that sends began.
  public enum Handshake: Sendable, Hashable {
    /// As the specification has it (5.2).
    case plain
    /// With a digest in its hello; scheme 0 or 1.
    case digest(scheme: Int)
  }

  private enum Step {
    case awaitingVersion
    case awaitingHello(received: [UInt8])
    case awaitingAnswer(missing: Int)
    case messages
  }

  private let key: DigestHandshake.Key
  private var step = Step.awaitingVersion
  private var reader: ChunkReader
  private var aggregate: Aggregate?
  private var unwrapper: [UInt32: TimestampUnwrapper] = [:]
  /// How the handshake began, once the hello is whole.
  public private(set) var handshake: Handshake?

  /// - Parameters:
  ///   - isClient: whether the client is who sends.
  ///   - limits: what one message may cost.
  public init(isClient: Bool, limits: RTMPLimits = .init()) {
    key = isClient ? .player : .server
    reader = ChunkReader(limits: limits)
  }

  /// One that is behind the handshake already.
  init(behindHandshakeOfClient isClient: Bool, limits: RTMPLimits) {
    self.init(isClient: isClient, limits: limits)
    step = .messages
  }

  /// Whether the next byte begins a chunk.
  var isBetweenChunks: Bool { reader.isBetweenChunks }

  /// The chunk size in force, in bytes.
  public var chunkSize: Int { reader.chunkSize }

  /// The next whole message; nil when all of `bytes` is taken in and none is whole.
  /// - Throws: the rule that is broken so that the rest cannot be read.
  public mutating func next(_ bytes: inout ByteBuffer) throws(RTMPError) -> ObservedMessage? {
    guard try takeHandshake(&bytes) else { return nil }
    while true {
      if let part = try aggregate?.next() { return observe(part) }
      aggregate = nil
      guard let message = try reader.read(&bytes) else { return nil }
      guard message.type == .aggregate else { return try take(message) }
      aggregate = Aggregate(message)
    }
  }

  /// True when the handshake is over.
  private mutating func takeHandshake(_ bytes: inout ByteBuffer) throws(RTMPError) -> Bool {
    while true {
      switch step {
      case .awaitingVersion:
        guard bytes.readableBytes > 0 else { return false }
        try HandshakeLayout.readVersion(&bytes)
        step = .awaitingHello(received: [])
      case .awaitingHello(var received):
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        guard received.count == HandshakeLayout.length else {
          step = .awaitingHello(received: received)
          return false
        }
        handshake = Self.kind(of: received, key: key)
        step = .awaitingAnswer(missing: HandshakeLayout.length)
      case .awaitingAnswer(let missing):
        let taken = min(missing, bytes.readableBytes)
        bytes.moveReaderIndex(forwardBy: taken)
        guard taken == missing else {
          step = .awaitingAnswer(missing: missing - taken)
          return false
        }
        step = .messages
      case .messages:
        return true
      }
    }
  }

  private static func kind(of hello: [UInt8], key: DigestHandshake.Key) -> Handshake {
    guard hello[4..<8].contains(where: { $0 != 0 }), let (scheme, _) = DigestHandshake.find(in: hello, key: key) else {
      return .plain
    }
    return .digest(scheme: scheme == .zero ? 0 : 1)
  }

  /// A message of the connection itself, with its effect on what follows.
  private mutating func take(_ message: Message) throws(RTMPError) -> ObservedMessage {
    let observed = observe(message)
    switch observed.content {
    case .setChunkSize(let size): try reader.setChunkSize(size)
    case .abort(let chunkStream): reader.abort(chunkStream: chunkStream)
    default: break
    }
    return observed
  }

  private mutating func observe(_ message: Message) -> ObservedMessage {
    let content: ObservedMessage.Content
    do throws(RTMPError) {
      content = try self.content(of: message)
    } catch {
      content = .malformed(error)
    }
    let dataArguments = if case .data = content { DataMessage(message)?.arguments ?? [] } else { [AMFValue]() }
    return ObservedMessage(
      content: content, dataArguments: dataArguments, type: message.type.rawValue, chunkStream: message.chunkStream,
      streamID: message.streamID, timestamp: message.timestamp, length: message.body.readableBytes)
  }

  private mutating func content(of message: Message) throws(RTMPError) -> ObservedMessage.Content {
    switch message.type {
    case .audio: return .media(media(.audio, message))
    case .video: return .media(media(.video, message))
    case .sharedObjectAMF0, .sharedObjectAMF3: return .sharedObject(try SharedObjectMessage(message))
    case .userControl: return .userControl(event: try Self.event(of: message))
    default: break
    }
    if let control = try ProtocolControl(message) { return Self.content(of: control) }
    if let command = try Command(message) {
      return .command(
        name: command.name, transaction: command.transaction, object: command.object, arguments: command.arguments)
    }
    if let data = DataMessage(message) { return .data(handler: data.handler, metadata: data.metadata) }
    return .unknown
  }

  private mutating func media(_ kind: MediaMessage.Kind, _ message: Message) -> MediaMessage {
    // Stream ids come from outside; no client has so many at once.
    if unwrapper.count >= Self.mostStreams, unwrapper[message.streamID] == nil { unwrapper.removeAll() }
    return MediaMessage(
      kind: kind, streamID: message.streamID,
      timestamp: unwrapper[message.streamID, default: TimestampUnwrapper()].unwrap(message.timestamp),
      body: message.body)
  }

  private static let mostStreams = 64

  private static func event(of message: Message) throws(RTMPError) -> UInt16 {
    _ = try UserControl(message)
    return message.body.getInteger(at: message.body.readerIndex) ?? 0
  }

  private static func content(of control: ProtocolControl) -> ObservedMessage.Content {
    switch control {
    case .setChunkSize(let size): .setChunkSize(size)
    case .abort(let chunkStream): .abort(chunkStream: chunkStream)
    case .acknowledgement(let bytes): .acknowledgement(bytes)
    case .windowAcknowledgementSize(let size): .windowAcknowledgementSize(size)
    case .setPeerBandwidth(let size, _): .setPeerBandwidth(size)
    }
  }
}
