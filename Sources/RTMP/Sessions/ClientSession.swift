import AMF
import NIOCore

/// The client's side of one RTMP connection, without its socket: enough of a publisher and of a player to test servers
/// and to replay recorded clients.
///
/// The same face as ``ServerSession``. C0 and C1 wait in `output()` from the start, `connect` follows the handshake by
/// itself, `SetChunkSize` the server's consent. The calls may be made when `.connected` has come.
public struct ClientSession: Sendable {
  /// Which handshake to ask for.
  public enum HandshakeKind: Sendable, Hashable, CaseIterable {
    /// As in the specification.
    case plain
    /// With a digest by the layout that counts from byte 8.
    case digestZero
    /// With a digest by the layout that counts from byte 772.
    case digestOne
    /// RTMPE, version 6.
    case encrypted
    /// RTMPE, version 8, as Flash Player 10 and later.
    case encryptedScrambled

    var scheme: DigestHandshake.Scheme? {
      switch self {
      case .plain: nil
      case .digestZero: .zero
      case .digestOne, .encrypted, .encryptedScrambled: .one
      }
    }

    var encryption: EncryptedHandshake.Version? {
      switch self {
      case .plain, .digestZero, .digestOne: nil
      case .encrypted: .plainSignature
      case .encryptedScrambled: .scrambledSignature
      }
    }
  }

  private enum Phase: Sendable {
    case handshaking(ClientHandshake)
    case connecting
    case connected
    case closing
  }

  private var phase: Phase
  private var link: MessageLink
  private var events = CircularBuffer<ClientSessionEvent>(initialCapacity: 8)
  /// Calls without an answer, by transaction.
  private var calls: [Double: String] = [:]
  private var latestTransaction = 1.0
  private var clocks: [UInt32: TimestampUnwrapper] = [:]
  private let connect: ConnectParameters
  private let chunkSize: UInt32
  private let limits: RTMPLimits
  private let started: NIODeadline
  private var lastReceived: NIODeadline

  /// A session that starts to connect.
  ///
  /// - Parameters:
  ///   - connect: what to say in `connect`.
  ///   - handshake: which handshake to ask for.
  ///   - chunkSize: of our chunks once connected, 1...65 536 bytes; 128 is never announced, as it is the default.
  ///   - limits: what the server may cost.
  ///   - random: the source of the handshake's random bytes; used here only.
  ///   - now: the time `deadline` counts from.
  public init(
    connect: ConnectParameters, handshake: HandshakeKind = .plain, chunkSize: UInt32 = 4096,
    limits: RTMPLimits = .init(), random: inout some RandomNumberGenerator, now: NIODeadline
  ) {
    precondition((1...65_536).contains(chunkSize), "chunk size outside 1...65536")
    self.connect = connect
    self.chunkSize = chunkSize
    self.limits = limits
    link = MessageLink(limits: limits)
    started = now
    lastReceived = now
    phase = .handshaking(
      ClientHandshake(
        scheme: handshake.scheme, version: handshake.encryption, random: &random, output: &link.outgoing))
  }

  /// Whether the handshake is done.
  public var isPastHandshake: Bool {
    if case .handshaking = phase { false } else { true }
  }

  // MARK: Incoming

  /// Takes in bytes from the server, in any split, and leaves none unread.
  public mutating func receive(_ bytes: inout ByteBuffer, at now: NIODeadline) throws(RTMPError) {
    guard bytes.readableBytes > 0 else { return }
    lastReceived = now
    link.count(bytes.readableBytes)
    do throws(RTMPError) {
      try shakeHands(&bytes)
      if case .handshaking = phase { return }
      if bytes.readableBytes > 0 { link.cipher?.decrypt(&bytes) }
      while let message = try link.next(&bytes) {
        try receive(message)
        guard events.count <= limits.maximumQueuedEvents else {
          throw .tooManyEvents(limit: limits.maximumQueuedEvents)
        }
      }
    } catch {
      phase = .closing
      throw error
    }
    link.acknowledge()
  }

  /// The next thing the owner must know; nil when there is none.
  public mutating func next() -> ClientSessionEvent? {
    events.popFirst()
  }

  private mutating func shakeHands(_ bytes: inout ByteBuffer) throws(RTMPError) {
    guard case .handshaking(var handshake) = phase else { return }
    try handshake.receive(&bytes, output: &link.outgoing)
    link.cipher = handshake.cipher
    guard handshake.isDone else {
      phase = .handshaking(handshake)
      return
    }
    phase = .connecting
    calls[1] = "connect"
    try link.send(Command("connect", transaction: 1, object: .object(connect.object), arguments: connect.arguments))
  }

  private mutating func receive(_ message: Message) throws(RTMPError) {
    let kind: MediaMessage.Kind
    switch message.type {
    case .audio: kind = .audio
    case .video: kind = .video
    case .dataAMF0, .dataAMF3: kind = .data
    default:
      if let command = try Command(message) { try receive(command, streamID: message.streamID) }
      return
    }
    let time = clocks[message.streamID, default: TimestampUnwrapper()].unwrap(message.timestamp)
    events.append(
      .media(MediaMessage(kind: kind, streamID: message.streamID, timestamp: time, body: message.body)))
  }

  private mutating func receive(_ command: Command, streamID: UInt32) throws(RTMPError) {
    switch command.name {
    case "_result":
      receiveResult(command)
    case "_error":
      guard let call = calls.removeValue(forKey: command.transaction) else { return }
      let status = Status(command.arguments.first)
      if call == "connect" {
        phase = .closing
        let unnamed = Status(level: .error, code: .connectRejected, description: "")
        events.append(.connectRefused(status ?? unnamed))
      } else {
        events.append(.callFailed(call: call, status))
      }
    case "onStatus":
      if let status = Status(command.arguments.first) { events.append(.status(streamID: streamID, status)) }
    case "onBWCheck":
      try link.send(Command("_result", transaction: command.transaction, arguments: [0]))
    default:
      events.append(.notice(name: command.name, command.arguments))
    }
  }

  private mutating func receiveResult(_ command: Command) {
    switch calls.removeValue(forKey: command.transaction) {
    case nil: return
    case "connect":
      phase = .connected
      if chunkSize != 128 { link.send(.setChunkSize(chunkSize)) }
      events.append(.connected(properties: command.object, information: command.arguments.first ?? .undefined))
    case "createStream":
      guard let id = command.arguments.first?.numberValue.flatMap({ UInt32(exactly: $0) }) else { return }
      events.append(.streamCreated(id))
    case .some(let call):
      events.append(.result(call: call, command.arguments))
    }
  }

  // MARK: Outgoing

  /// Everything queued for the server; nil when nothing is.
  public mutating func output() -> ByteBuffer? {
    link.output()
  }

  /// The server refused or broke the rules: close once `output()` is sent.
  public var closesAfterOutput: Bool {
    if case .closing = phase { true } else { false }
  }

  /// Calls a method of the server.
  ///
  /// - Parameters:
  ///   - wantsAnswer: false sends transaction 0.
  ///   - chunkStream: 2...65 599; real clients differ in it.
  /// - Throws: ``RTMPError/unencodable(_:)`` when an argument has no form in AMF0.
  public mutating func call(
    _ name: String, _ arguments: [AMFValue] = [], streamID: UInt32 = 0, wantsAnswer: Bool = true, chunkStream: Int = 3
  ) throws(RTMPError) {
    var transaction = 0.0
    if wantsAnswer {
      latestTransaction += 1
      transaction = latestTransaction
      calls[transaction] = name
    }
    try link.send(
      Command(name, transaction: transaction, arguments: arguments), streamID: streamID, chunkStream: chunkStream)
  }

  /// Asks for a message stream; `.streamCreated` answers.
  public mutating func createStream() throws(RTMPError) {
    try call("createStream")
  }

  /// Asks to publish on a stream; `.status` answers.
  public mutating func publish(
    _ name: String, kind: PublishRequest.Kind = .live, streamID: UInt32
  ) throws(RTMPError) {
    try call(
      "publish", [.string(name), .string(kind.rawValue)], streamID: streamID,
      chunkStream: OutgoingChunkStream.streamCommand)
  }

  /// Asks to play on a stream; `.status` answers.
  public mutating func play(_ name: String, start: Double = -2, streamID: UInt32) throws(RTMPError) {
    try call(
      "play", [.string(name), .number(start)], streamID: streamID, wantsAnswer: false,
      chunkStream: OutgoingChunkStream.streamCommand)
  }

  /// Ends a publication as encoders do.
  public mutating func unpublish(_ name: String, streamID: UInt32) throws(RTMPError) {
    try call("FCUnpublish", [.string(name)])
    try call("deleteStream", [.number(Double(streamID))], wantsAnswer: false)
  }

  /// Sends the publication's `onMetaData` for the server to keep.
  public mutating func sendMetadata(_ metadata: AMFValue, streamID: UInt32) throws(RTMPError) {
    var body = ByteBuffer()
    var encoder = AMF0Encoder()
    do throws(AMFError) {
      for value in ["@setDataFrame", "onMetaData", metadata] { try encoder.encode(value, into: &body) }
    } catch {
      throw .unencodable(error)
    }
    link.send(MediaMessage(kind: .data, streamID: streamID, timestamp: 0, body: body))
  }

  /// Sends a message of a publication. Its body is at most 16 777 215 bytes long.
  public mutating func send(_ media: MediaMessage) {
    link.send(media)
  }

  // MARK: Time

  /// When to call `elapsed(at:)`; nil when nothing is waited for.
  public var deadline: NIODeadline? {
    switch phase {
    case .handshaking, .connecting: started + limits.handshakeTimeout
    case .connected: lastReceived + limits.idleTimeout
    case .closing: nil
    }
  }

  /// Tells the session that it is `now`: gives up on a server that does not answer.
  public mutating func elapsed(at now: NIODeadline) throws(RTMPError) {
    guard let deadline, now >= deadline else { return }
    defer { phase = .closing }
    if case .connected = phase {
      throw .idleTimedOut(seconds: limits.idleTimeout.nanoseconds / 1_000_000_000)
    }
    throw .handshakeTimedOut(seconds: limits.handshakeTimeout.nanoseconds / 1_000_000_000)
  }
}
