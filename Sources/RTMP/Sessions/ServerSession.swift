import AMF
import NIOCore

/// The server's side of one RTMP connection, without its socket.
///
///     handshaking -> awaitingConnect -> decidingConnect -> connected <-> decidingStream
///     any -> closing
///
/// The owner hands in bytes and time, takes out events and bytes, and answers `connect`, `publish` and `play`:
///
///     try session.receive(&bytes, at: now)
///     while let event = session.next() { ... }
///     if let bytes = session.output() { send(bytes) }
///     if session.closesAfterOutput { close once sent }
///     wake me at session.deadline: try session.elapsed(at: now)
///
/// While the owner decides, nothing more is read: what the client sends without waiting is kept, within a limit, and read
/// when the decision has fallen. After a thrown error the session is over and the owner closes the connection. Confined
/// to one owner.
public struct ServerSession: Sendable {
  /// Where the conversation stands, with what exists only there.
  enum Phase: Sendable {
    case handshaking(ServerHandshake)
    case awaitingConnect
    case decidingConnect(PendingConnect)
    case connected
    /// `publish` or `play` on this stream waits for the owner.
    case decidingStream(UInt32)
    case closing
  }

  /// A `connect` the owner has not decided on.
  struct PendingConnect: Sendable {
    var transaction: Double
    var objectEncoding: ConnectRequest.ObjectEncoding
  }

  var phase: Phase
  var link: MessageLink
  /// The stream with id n stands at n - 1.
  var streams: [NetStream?] = []
  var events = CircularBuffer<ServerSessionEvent>(initialCapacity: 8)
  var bandwidth = BandwidthCheck()
  /// What came while the owner decides.
  private var held = ByteBuffer()
  /// All that came behind the handshake, decrypted, for as long as another server may take the session over.
  private var opening: ByteBuffer?
  /// What was wrong with bytes that were read on after a decision; the session is closing then.
  public private(set) var failure: RTMPError?
  let limits: RTMPLimits
  let started: NIODeadline
  var lastReceived: NIODeadline
  private var lastPing: NIODeadline

  /// A session for a connection accepted at `now`.
  ///
  /// - Parameters:
  ///   - limits: what the client may cost.
  ///   - allowsEncryption: whether RTMPE is served. It protects nothing: anybody in between can agree on keys with both
  ///     sides, and its cipher is broken. Its keys come from OpenSSL's generator, not from `random`.
  ///   - mayBeHandedOver: whether to keep what the client says until `connect` is decided on, for ``handOver()``.
  ///   - random: the source of the handshake's random bytes; used here only.
  ///   - now: the time of `elapsed(at:)` and `deadline` counts from here.
  public init(
    limits: RTMPLimits = .init(), allowsEncryption: Bool = false, mayBeHandedOver: Bool = false,
    random: inout some RandomNumberGenerator, now: NIODeadline
  ) {
    self.limits = limits
    opening = mayBeHandedOver ? ByteBuffer() : nil
    phase = .handshaking(ServerHandshake(allowsEncryption: allowsEncryption, random: &random))
    link = MessageLink(limits: limits)
    link.reader.maximumMessageLength = min(limits.maximumUnacceptedMessageLength, limits.maximumMessageLength)
    started = now
    lastReceived = now
    lastPing = now
  }

  // MARK: Incoming

  /// Takes in bytes from the client, in any split, and leaves none unread. At most 64 KiB at a time, with `next()`
  /// called until nil in between, keeps within ``RTMPLimits/maximumQueuedEvents``.
  public mutating func receive(_ bytes: inout ByteBuffer, at now: NIODeadline) throws(RTMPError) {
    guard bytes.readableBytes > 0 else { return }
    lastReceived = now
    link.count(bytes.readableBytes)
    do throws(RTMPError) {
      try shakeHands(&bytes)
      if isEncrypted, bytes.readableBytes > 0 { link.cipher?.decrypt(&bytes) }
      try keepOpening(bytes)
      try readMessages(&bytes, at: now)
    } catch {
      close()
      throw error
    }
    link.acknowledge()
  }

  /// The next thing the owner must know; nil when there is none.
  public mutating func next() -> ServerSessionEvent? {
    events.popFirst()
  }

  private mutating func shakeHands(_ bytes: inout ByteBuffer) throws(RTMPError) {
    guard case .handshaking(var handshake) = phase else { return }
    try handshake.receive(&bytes, output: &link.outgoing)
    link.cipher = handshake.cipher
    if let scheme = handshake.clientScheme { handshakeKind = scheme == .zero ? .digestZero : .digestOne }
    phase = handshake.isDone ? .awaitingConnect : .handshaking(handshake)
  }

  private mutating func keepOpening(_ bytes: ByteBuffer) throws(RTMPError) {
    guard let kept = opening?.readableBytes else { return }
    let total = kept + bytes.readableBytes
    guard total <= limits.maximumHeldBytes else {
      throw .tooManyHeldBytes(bytes: total, limit: limits.maximumHeldBytes)
    }
    opening?.writeImmutableBuffer(bytes)
  }

  /// What the client said is no longer kept: this session has begun to answer.
  mutating func forgetOpening() { opening = nil }

  /// Gives the client away while its `connect` waits for a decision; this session is over. Nil when no decision is
  /// waited for, or nothing was kept. Take `output()` before.
  public mutating func handOver() -> HandedOverSession? {
    guard case .decidingConnect = phase, let opening else { return nil }
    phase = .closing
    self.opening = nil
    return HandedOverSession(opening: opening, cipher: link.cipher, limits: limits)
  }

  /// How the client shook hands, RTMPE told as its digest; plain before it has.
  public private(set) var handshakeKind: ClientSession.HandshakeKind = .plain

  /// Whether the client and we agreed on RTMPE.
  public var isEncrypted: Bool { link.cipher != nil }

  private mutating func readMessages(_ bytes: inout ByteBuffer, at now: NIODeadline) throws(RTMPError) {
    while true {
      switch phase {
      case .handshaking:
        return
      case .closing:
        // The answer is on its way; nothing the client says now counts.
        bytes.moveReaderIndex(to: bytes.writerIndex)
        return
      case .decidingConnect, .decidingStream:
        return try hold(&bytes)
      case .awaitingConnect, .connected:
        guard let message = try link.next(&bytes) else { return }
        try receive(message, at: now)
      }
      guard events.count <= limits.maximumQueuedEvents else {
        throw .tooManyEvents(limit: limits.maximumQueuedEvents)
      }
      guard link.outgoing.readableBytes <= limits.maximumQueuedOutput else {
        throw .outputTooLarge(bytes: link.outgoing.readableBytes, limit: limits.maximumQueuedOutput)
      }
    }
  }

  private mutating func hold(_ bytes: inout ByteBuffer) throws(RTMPError) {
    let total = held.readableBytes + bytes.readableBytes
    guard total <= limits.maximumHeldBytes else {
      throw .tooManyHeldBytes(bytes: total, limit: limits.maximumHeldBytes)
    }
    held.writeBuffer(&bytes)
  }

  /// A decision has fallen: reads what has come in the meantime.
  mutating func resume() {
    var bytes = held
    held = ByteBuffer()
    do throws(RTMPError) {
      try readMessages(&bytes, at: lastReceived)
    } catch {
      failure = error
      close()
    }
  }

  private mutating func receive(_ message: Message, at now: NIODeadline) throws(RTMPError) {
    switch message.type {
    case .audio: receiveMedia(message, kind: .audio)
    case .video: receiveMedia(message, kind: .video)
    case .dataAMF0, .dataAMF3:
      if let data = DataMessage(message) { receiveData(data, of: message) }
    default:
      if let command = try Command(message) { receive(command, streamID: message.streamID, at: now) }
    }
  }

  /// Messages of streams that are not published (any more) are dropped: some are always on their way.
  private mutating func receiveMedia(_ message: Message, kind: MediaMessage.Kind) {
    guard message.body.readableBytes > 0, let index = publishingIndex(message.streamID) else { return }
    let time = streams[index]?.clock.unwrap(message.timestamp) ?? 0
    events.append(
      .media(MediaMessage(kind: kind, streamID: message.streamID, timestamp: time, body: message.body)))
  }

  private mutating func receiveData(_ data: DataMessage, of message: Message) {
    guard publishingIndex(message.streamID) != nil else { return }
    if let metadata = data.metadata { events.append(.metadata(streamID: message.streamID, metadata)) }
    var message = message
    message.body = data.body
    receiveMedia(message, kind: .data)
  }

  private func publishingIndex(_ streamID: UInt32) -> Int? {
    let index = Int(streamID) - 1
    guard streams.indices.contains(index), case .publishing = streams[index]?.state else { return nil }
    return index
  }

  // MARK: Outgoing

  /// Everything queued for the client; nil when nothing is.
  public mutating func output() -> ByteBuffer? {
    link.output()
  }

  /// Queues a message for a client that plays its stream; does nothing for others.
  public mutating func send(_ media: MediaMessage) {
    let index = Int(media.streamID) - 1
    guard streams.indices.contains(index), case .playing = streams[index]?.state else { return }
    link.send(media)
  }

  /// A refusal was answered, or the session is over: flush `output()`, then close. Old clients wait for the close.
  public var closesAfterOutput: Bool {
    if case .closing = phase { true } else { false }
  }

  // MARK: Time

  /// When to call `elapsed(at:)`; nil when nothing is waited for.
  public var deadline: NIODeadline? {
    switch phase {
    case .handshaking, .awaitingConnect: started + limits.handshakeTimeout
    case .decidingConnect, .connected, .decidingStream: min(lastReceived + limits.idleTimeout, nextPing)
    case .closing: nil
    }
  }

  /// Tells the session that it is `now`: asks a silent client for a sign of life, gives up on one that gave none.
  public mutating func elapsed(at now: NIODeadline) throws(RTMPError) {
    switch phase {
    case .handshaking, .awaitingConnect:
      guard now >= started + limits.handshakeTimeout else { return }
      close()
      throw .handshakeTimedOut(seconds: limits.handshakeTimeout.nanoseconds / 1_000_000_000)
    case .decidingConnect, .connected, .decidingStream:
      if now >= lastReceived + limits.idleTimeout {
        close()
        throw .idleTimedOut(seconds: limits.idleTimeout.nanoseconds / 1_000_000_000)
      }
      if now >= nextPing {
        lastPing = now
        link.send(.pingRequest(UInt32(truncatingIfNeeded: (now - started).nanoseconds / 1_000_000)))
      }
    case .closing:
      return
    }
  }

  private var nextPing: NIODeadline { max(lastReceived, lastPing) + limits.pingInterval }

  /// The connection was closed by the client or broke: ends what is going on, by events.
  public mutating func connectionClosed() {
    close()
  }

  /// Ends every stream, by events, and the session.
  mutating func close() {
    for index in streams.indices { endStream(UInt32(index + 1)) }
    streams = []
    phase = .closing
  }
}
