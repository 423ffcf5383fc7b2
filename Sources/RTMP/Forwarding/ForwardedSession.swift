import NIOCore

/// One client's session that another server serves, without sockets: behind the two handshakes every byte goes through
/// as it came, both ways, and is looked at on the way.
///
///     reaching the server -> reached -> begun <-> held
///
/// The owner first lets it shake hands with the server, then gives it the client:
///
///     try session.receive(fromServer: &bytes)      until isReached
///     try session.begin(client, as: address)
///     try session.receive(fromClient: &bytes) and receive(fromServer: &bytes), then next(), outputToServer(),
///     outputToClient()
///
/// Looking on never changes what goes through: when it fails, ``ForwardedSessionEvent/lost(_:)`` tells, and the bytes go
/// on. Confined to one owner.
public struct ForwardedSession: Sendable {
  private enum Phase: Sendable {
    case reaching(ClientHandshake)
    case reached
    case begun
    /// The client's bytes wait for ``release()``: those with the request, looked at, and those behind them, not yet.
    case held(ByteBuffer, behind: ByteBuffer)
  }

  private var phase: Phase
  private var cipher: RTMPECipher?
  /// Nil once the conversation cannot be followed.
  private var watch: SessionWatch?
  private var toServer = ByteBuffer()
  private var toClient = ByteBuffer()
  private var lost: RTMPError?
  private var limits: RTMPLimits

  /// A session that begins to shake hands with the server.
  /// - Parameters:
  ///   - handshake: as the client's was, for servers serve some codecs only to clients with a digest; not RTMPE.
  ///   - random: the source of the handshake's random bytes; used here only.
  public init(
    handshake: ClientSession.HandshakeKind, limits: RTMPLimits = .init(), random: inout some RandomNumberGenerator
  ) {
    self.limits = limits
    phase = .reaching(ClientHandshake(scheme: handshake.scheme, random: &random, output: &toServer))
  }

  /// Whether the server has answered the handshake.
  public var isReached: Bool {
    if case .reaching = phase { false } else { true }
  }

  /// Whether the client's bytes wait for ``release()``.
  public var isHolding: Bool {
    if case .held = phase { true } else { false }
  }

  /// Whether the conversation is followed.
  public var isFollowed: Bool { watch != nil }

  // MARK: The client

  /// Takes the client over.
  /// - Parameter address: what `connect` says instead of the client's own words; nil: it goes through as it came.
  /// - Throws: ``RTMPError/unforwardableConnect``.
  public mutating func begin(_ client: HandedOverSession, as address: ForwardedAddress?) throws(RTMPError) {
    guard case .reached = phase else { return }
    var opening = client.opening
    if let address { opening = try address.rewrite(opening, limits: client.limits) }
    cipher = client.cipher
    limits = client.limits
    phase = .begun
    watch = SessionWatch(limits: client.limits)
    try take(&opening)
    // The server may have spoken before it heard anything.
    var early = toClient
    toClient = ByteBuffer()
    if early.readableBytes > 0 { receive(messages: &early) }
  }

  /// Takes in bytes of the client, and leaves none unread. At most 64 KiB at a time, with `next()` called until nil in
  /// between, keep the events few.
  /// - Throws: ``RTMPError/tooManyHeldBytes(bytes:limit:)``.
  public mutating func receive(fromClient bytes: inout ByteBuffer) throws(RTMPError) {
    guard bytes.readableBytes > 0 else { return }
    cipher?.decrypt(&bytes)
    try take(&bytes)
    bytes.moveReaderIndex(to: bytes.writerIndex)
  }

  private mutating func take(_ bytes: inout ByteBuffer) throws(RTMPError) {
    switch phase {
    case .reaching, .reached: return
    case .begun:
      let before = watch?.events.count ?? 0
      follow(bytes)
      // What asks to come into a room goes on only when it may, and nothing that is behind it overtakes it.
      if let events = watch?.events.dropFirst(before), events.contains(where: \.isRequest) {
        phase = .held(bytes, behind: ByteBuffer())
      } else {
        toServer.writeImmutableBuffer(bytes)
      }
    case .held(let request, var behind):
      let total = request.readableBytes + behind.readableBytes + bytes.readableBytes
      guard total <= limits.maximumHeldBytes else {
        throw .tooManyHeldBytes(bytes: total, limit: limits.maximumHeldBytes)
      }
      behind.writeImmutableBuffer(bytes)
      phase = .held(request, behind: behind)
    }
  }

  /// The request may go on; what came behind it is looked at now, which may bring the next one.
  public mutating func release() throws(RTMPError) {
    guard case .held(let request, var behind) = phase else { return }
    phase = .begun
    toServer.writeImmutableBuffer(request)
    if behind.readableBytes > 0 { try take(&behind) }
  }

  // MARK: The server

  /// Takes in bytes of the server, and leaves none unread.
  /// - Throws: when its handshake is none.
  public mutating func receive(fromServer bytes: inout ByteBuffer) throws(RTMPError) {
    switch phase {
    case .reaching(var handshake):
      try handshake.receive(&bytes, output: &toServer)
      phase = handshake.isDone ? .reached : .reaching(handshake)
      toClient.writeBuffer(&bytes)
    case .reached:
      toClient.writeBuffer(&bytes)
    case .begun, .held:
      receive(messages: &bytes)
    }
  }

  private mutating func receive(messages bytes: inout ByteBuffer) {
    var seen = bytes
    watch?.receive(fromServer: &seen)
    var clear = bytes
    cipher?.encrypt(&clear)
    toClient.writeImmutableBuffer(clear)
    bytes.moveReaderIndex(to: bytes.writerIndex)
  }

  private mutating func follow(_ bytes: ByteBuffer) {
    var bytes = bytes
    do throws(RTMPError) {
      try watch?.receive(fromClient: &bytes)
    } catch {
      watch = nil
      lost = error
    }
  }

  // MARK: Output

  /// The next thing to know; nil when there is none.
  public mutating func next() -> ForwardedSessionEvent? {
    if let event = watch?.next() { return event }
    guard let error = lost else { return nil }
    lost = nil
    return .lost(error)
  }

  /// Everything queued for the server; nil when nothing is.
  public mutating func outputToServer() -> ByteBuffer? { Self.takeAll(&toServer) }

  /// Everything queued for the client; nil when nothing is.
  public mutating func outputToClient() -> ByteBuffer? { Self.takeAll(&toClient) }

  /// Tells the client why it is about to be cut off, if the server's messages leave a gap for it now.
  public mutating func tellClient(_ status: Status, streamID: UInt32 = 0) {
    guard let chunkSize = watch?.serverChunkSize else { return }
    let command = Command("onStatus", arguments: [status.value])
    guard let message = try? command.message(streamID: streamID, chunkStream: OutgoingChunkStream.status) else {
      return
    }
    var writer = ChunkWriter()
    writer.chunkSize = chunkSize
    var bytes = ByteBuffer()
    writer.write(message, into: &bytes)
    cipher?.encrypt(&bytes)
    toClient.writeBuffer(&bytes)
  }

  private static func takeAll(_ buffer: inout ByteBuffer) -> ByteBuffer? {
    guard buffer.readableBytes > 0 else { return nil }
    defer { buffer = ByteBuffer() }
    return buffer
  }
}

extension ForwardedSessionEvent {
  /// Whether it asks to come into a room.
  fileprivate var isRequest: Bool {
    switch self {
    case .publish, .play: true
    default: false
    }
  }
}
