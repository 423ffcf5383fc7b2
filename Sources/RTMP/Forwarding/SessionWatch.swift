import AMF
import NIOCore

/// Follows the conversation of a client with another server, as far as a room needs it: what is published and played, its
/// media, and how the server answered. It answers nothing.
///
/// Message streams are known by use: they are the other server's to number. After a thrown error the client is not followed
/// any more; without the server only its answers are missed.
struct SessionWatch: Sendable {
  private var client: DirectionObserver
  /// Nil once it cannot be followed.
  private var server: DirectionObserver?
  private var publications: [UInt32: Publication] = [:]
  private var plays: Set<UInt32> = []
  /// Calls of the client without an answer, by transaction.
  private var calls: [Double: Call] = [:]
  private var usesSharedObjects = false
  private(set) var events = CircularBuffer<ForwardedSessionEvent>(initialCapacity: 8)

  private struct Publication {
    let name: String
    var isAnswered = false
  }

  private struct Call {
    let name: String
    let streamID: UInt32
  }

  init(limits: RTMPLimits) {
    // What the other server takes is for it to say: a large chunk costs no more than the message in it.
    var limits = limits
    limits.maximumChunkSize = Int(Int32.max)
    client = DirectionObserver(behindHandshakeOfClient: true, limits: limits)
    limits.maximumMessageLength = 0xFF_FFFF
    limits.maximumPartialBytes = 2 * limits.maximumMessageLength
    server = DirectionObserver(behindHandshakeOfClient: false, limits: limits)
  }

  mutating func next() -> ForwardedSessionEvent? { events.popFirst() }

  /// The chunk size of the server, if a message of ours may stand here: between two chunks of its own.
  var serverChunkSize: Int? {
    guard let server, server.isBetweenChunks else { return nil }
    return server.chunkSize
  }

  // MARK: The client

  /// Takes in bytes of the client behind the handshake, in any split.
  mutating func receive(fromClient bytes: inout ByteBuffer) throws(RTMPError) {
    while let message = try client.next(&bytes) {
      switch message.content {
      case .media(let media):
        if publications[media.streamID] != nil, media.body.readableBytes > 0 { events.append(.media(media)) }
      case .command(let name, let transaction, _, let arguments):
        called(name, transaction, arguments, on: message.streamID)
      case .malformed(let error) where Self.isCommand(message): events.append(.unreadable(error))
      default: if Self.isSharedObject(message) { sharedObjectUsed() }
      }
    }
  }

  private static func isCommand(_ message: ObservedMessage) -> Bool {
    message.type == MessageType.commandAMF0.rawValue || message.type == MessageType.commandAMF3.rawValue
  }

  /// Whatever is in it: the old server may well make sense of it.
  private static func isSharedObject(_ message: ObservedMessage) -> Bool {
    message.type == MessageType.sharedObjectAMF0.rawValue || message.type == MessageType.sharedObjectAMF3.rawValue
  }

  private mutating func sharedObjectUsed() {
    if !usesSharedObjects { events.append(.differs(.sharedObjects)) }
    usesSharedObjects = true
  }

  private mutating func called(_ name: String, _ transaction: Double, _ arguments: [AMFValue], on streamID: UInt32) {
    switch name {
    case "_result", "_error": return
    case "publish": publish(arguments, on: streamID)
    case "play": play(arguments, on: streamID)
    case "closeStream": endStream(streamID)
    case "deleteStream": deleteStream(arguments)
    case "FCUnpublish":
      if let path = arguments.first?.stringValue.map({ QueryItem.split($0).path }) {
        for (id, publication) in publications where publication.name == path { endStream(id) }
      }
    default: break
    }
    guard transaction != 0 else {
      if !ServerSession.serves(name) { events.append(.differs(.unanswered(name))) }
      return
    }
    // No client has so many calls open; the answers to those forgotten are not compared.
    if calls.count >= Self.mostCalls { calls.removeAll() }
    calls[transaction] = Call(name: name, streamID: streamID)
  }

  private mutating func publish(_ arguments: [AMFValue], on streamID: UInt32) {
    endStream(streamID)
    // `NetStream.publish(false)` ends a publication.
    guard let name = arguments.first?.stringValue else { return }
    let request = PublishRequest(streamID: streamID, name: name, kind: arguments.element(1)?.stringValue)
    if publications.count >= Self.mostStreams { return }
    publications[streamID] = Publication(name: request.name)
    events.append(.publish(request))
  }

  private mutating func play(_ arguments: [AMFValue], on streamID: UInt32) {
    endStream(streamID)
    guard let name = arguments.first?.stringValue else { return }
    if plays.count >= Self.mostStreams { plays.removeAll() }
    plays.insert(streamID)
    events.append(
      .play(PlayRequest(streamID: streamID, name: name, start: arguments.element(1)?.numberValue)))
  }

  /// By number, or as GStreamer has it by the name of the stream.
  private mutating func deleteStream(_ arguments: [AMFValue]) {
    if let name = arguments.first?.stringValue {
      for (id, publication) in publications where publication.name == name { endStream(id) }
    } else if let id = arguments.first?.numberValue.flatMap({ UInt32(exactly: $0) }) {
      endStream(id)
    }
  }

  private mutating func endStream(_ streamID: UInt32) {
    plays.remove(streamID)
    guard let publication = publications.removeValue(forKey: streamID) else { return }
    events.append(.publishEnded(streamID: streamID, name: publication.name))
  }

  private static let mostCalls = 256
  private static let mostStreams = 64
}

// MARK: - The server

extension SessionWatch {
  /// Takes in bytes of the server behind the handshake, in any split.
  mutating func receive(fromServer bytes: inout ByteBuffer) {
    do throws(RTMPError) {
      while let message = try server?.next(&bytes) { look(at: message) }
    } catch {
      server = nil
      events.append(.answersLost(error))
    }
  }

  private mutating func look(at message: ObservedMessage) {
    guard case .command(let name, let transaction, _, let arguments) = message.content else { return }
    switch name {
    case "_result": answered(transaction, nil, arguments)
    case "_error": answered(transaction, .error, arguments)
    case "onStatus": told(arguments, on: message.streamID)
    default:
      if !Self.ordinaryNotices.contains(name) { events.append(.differs(.callOfServer(name))) }
    }
  }

  private mutating func answered(_ transaction: Double, _ level: Status.Level?, _ arguments: [AMFValue]) {
    guard let call = calls.removeValue(forKey: transaction) else { return }
    // Some servers answer with the status second, behind a null.
    let status = arguments.lazy.prefix(2).compactMap { Status($0) }.first
    switch call.name {
    case "connect":
      let code = status?.code ?? (level == .error ? .connectRejected : .connectSuccess)
      events.append(.connectAnswered(code))
    case "publish": if level == .error { refused(call.streamID, status?.code ?? .publishBadName) }
    case "play":
      if level == .error, plays.remove(call.streamID) != nil {
        events.append(.playAnswered(streamID: call.streamID, status?.code ?? .playFailed))
      }
    default:
      let isServed = ServerSession.serves(call.name)
      guard isServed == (level == .error) else { return }
      let old = level == .error ? status?.code.rawValue ?? "_error" : "_result"
      events.append(.differs(.call(call.name, old: old, isServed: isServed)))
    }
  }

  /// The first status after `publish` or `play` is the answer; `NetStream.Play.Reset` only comes before it.
  private mutating func told(_ arguments: [AMFValue], on streamID: UInt32) {
    guard let status = arguments.lazy.prefix(2).compactMap({ Status($0) }).first else { return }
    if let publication = publications[streamID] {
      if status.level == .error { return refused(streamID, status.code) }
      guard !publication.isAnswered else { return }
      publications[streamID]?.isAnswered = true
      events.append(.publishAnswered(streamID: streamID, status.code))
    } else if plays.contains(streamID), status.code != .playReset {
      plays.remove(streamID)
      events.append(.playAnswered(streamID: streamID, status.code))
    }
  }

  private mutating func refused(_ streamID: UInt32, _ code: StatusCode) {
    guard publications[streamID] != nil else { return }
    events.append(.publishAnswered(streamID: streamID, code))
    endStream(streamID)
  }

  /// What servers tell clients of their own accord and ``ServerSession`` tells them too, or clients can do without.
  private static let ordinaryNotices: Set = [
    "onBWDone", "onBWCheck", "_onbwdone", "_onbwcheck", "onFCPublish", "onFCUnpublish", "onFCSubscribe",
    "onFCUnsubscribe", "close",
  ]
}
