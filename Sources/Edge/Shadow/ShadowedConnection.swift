import Logging
import NIOCore
import RTMP
import Rooms

/// A client that an old server serves: moves its bytes both ways, lets ``ShadowedSpeaker`` bring it into the room, and
/// keeps that from ever being felt by the client or the server.
///
///     idle -> reaching -> reached -> forwarding -> over
///
/// Confined to the event loop of the client's transport, on which the connection to the server lives too. Who takes
/// bytes too slowly makes the other side wait.
final class ShadowedConnection {
  private enum Phase {
    case idle
    case reaching(then: (ShadowFailure?) -> Void, timeout: Scheduled<Void>)
    case reached
    case forwarding
    case over
  }

  let choice: ShadowServers.Choice
  let services: RTMPServices
  let shadows: ShadowServices
  let identity: SessionIdentity
  let transport: any RTMPTransport
  let log: Logger
  let speaker: ShadowedSpeaker
  var session: ForwardedSession
  private var channel: (any Channel)?
  private var phase = Phase.idle

  /// Whether bytes go through.
  var isForwarding: Bool {
    if case .forwarding = phase { true } else { false }
  }
  private var isClientWaiting = false
  private var isServerWaiting = false
  var noted: Set<ForwardedDifference> = []

  private static let lingerTime = TimeAmount.seconds(5)
  private static let handshakeTimeout = TimeAmount.seconds(10)
  /// Bytes that may wait for the server where the client cannot be made to wait.
  private static let mostUnsent = 4 << 20
  private static let piece = 64 << 10

  /// - Parameter handshake: as the client's was.
  init(
    _ choice: ShadowServers.Choice, handshake: ClientSession.HandshakeKind, services: RTMPServices,
    shadows: ShadowServices, visitor: RTMPVisitor, transport: any RTMPTransport, log: Logger
  ) {
    var random = SystemRandomNumberGenerator()
    session = ForwardedSession(handshake: handshake, limits: services.limits, random: &random)
    self.choice = choice
    self.services = services
    self.shadows = shadows
    self.transport = transport
    identity = visitor.identity
    var log = log
    log[metadataKey: "old_server"] = "\(choice.server.host):\(choice.server.port)"
    self.log = log
    speaker = ShadowedSpeaker(choice, services: services, shadows: shadows, visitor: visitor, log: log)
  }

  // MARK: Reaching the server

  /// Connects and shakes hands. `then` is told once, unless ``stop()`` comes first.
  func reach(then: @escaping (ShadowFailure?) -> Void) {
    let loop = transport.eventLoop
    let timeout = loop.assumeIsolated().scheduleTask(in: Self.handshakeTimeout) {
      self.fail(.silent(Self.handshakeTimeout))
    }
    phase = .reaching(then: then, timeout: timeout)
    choice.server.connect(on: loop, tls: shadows.tls, telling: OldServerHandler(self))
      .assumeIsolated()
      .whenComplete { self.connected($0) }
  }

  private func connected(_ result: Result<any Channel, any Error>) {
    switch result {
    case .success(let channel):
      guard case .reaching = phase else { return channel.close(promise: nil) }
      self.channel = channel
      pumpToServer()
    case .failure(let error):
      fail(.connection("\(error)"))
    }
  }

  private func fail(_ failure: ShadowFailure) {
    guard case .reaching(let then, let timeout) = phase else { return }
    timeout.cancel()
    phase = .over
    shadows.metrics.outcomes("unreachable").add()
    channel?.close(promise: nil)
    channel = nil
    then(failure)
  }

  // MARK: The server

  func serverSaid(_ bytes: ByteBuffer) {
    var bytes = bytes
    do throws(RTMPError) {
      try session.receive(fromServer: &bytes)
    } catch {
      return fail(.handshake("\(error)"))
    }
    switch phase {
    case .reaching(let then, let timeout):
      pumpToServer()
      guard session.isReached else { return }
      timeout.cancel()
      phase = .reached
      then(nil)
    case .forwarding:
      handleEvents()
      pumpToClient()
    case .idle, .reached, .over: break
    }
  }

  func serverPaused() {
    if case .forwarding = phase { transport.flush() }
  }

  func serverTakesMore() {
    guard isClientWaiting, case .forwarding = phase else { return }
    isClientWaiting = false
    transport.setReading(true)
  }

  /// The server closed, or its connection broke: the client is closed as the server would have closed it.
  func serverClosed(_ detail: String) {
    switch phase {
    case .reaching: fail(.connection(detail))
    case .reached, .forwarding:
      log.info("old server closed the session", metadata: ["reason": "\(detail)"])
      finish(.serverClosed)
    case .idle, .over: break
    }
  }

  // MARK: The client

  /// The client is the server's from now on.
  func begin(_ client: HandedOverSession) {
    guard case .reached = phase else { return }
    phase = .forwarding
    shadows.metrics.sessions.add()
    shadows.metrics.outcomes("forwarded").add()
    services.sessions.describe(identity) { $0.isShadowed = true }
    log.info("session goes on to the old server")
    do throws(RTMPError) {
      try session.begin(client, as: choice.server.address(for: choice.app))
    } catch {
      return cut(.protocolError, "\(error)")
    }
    handleEvents()
    pumpToServer()
    pumpToClient()
    transport.flush()
  }

  /// Takes in bytes of the client.
  func receive(_ bytes: ByteBuffer) {
    var bytes = bytes
    while case .forwarding = phase,
      var piece = bytes.readSlice(length: min(bytes.readableBytes, Self.piece)), piece.readableBytes > 0
    {
      do throws(RTMPError) {
        try session.receive(fromClient: &piece)
      } catch {
        return cut(.protocolError, "\(error)")
      }
      handleEvents()
    }
    pumpToServer()
  }

  func clientTakesMore() {
    guard isServerWaiting, case .forwarding = phase else { return }
    isServerWaiting = false
    try? channel?.syncOptions?.setOption(.autoRead, value: true)
  }

  /// The gateway drains, an operator ends the session, or it may no longer be there.
  func end(_ reason: SessionEnd) {
    guard case .forwarding = phase else { return }
    switch reason {
    case .draining, .operatorRequest:
      session.tellClient(Status(level: .error, code: .connectAppShutdown, description: reason.description))
      finish(.finished)
    case .denied(let denial): refuse(denial, code: .connectRejected)
    }
  }

  /// The client is gone: what it said last still goes to the server.
  func stop() {
    let last = phase
    phase = .over
    if case .reaching(_, let timeout) = last { timeout.cancel() }
    if case .forwarding = last {
      shadows.metrics.sessions.subtract()
      pumpToServer()
    }
    speaker.end(.broken)
    closeServer()
  }

  // MARK: Bytes

  func pumpToServer() {
    guard let channel else { return }
    var count = 0
    while let bytes = session.outputToServer() {
      count += bytes.readableBytes
      channel.write(bytes, promise: nil)
    }
    guard count > 0 else { return }
    shadows.metrics.bytesToServer.add(UInt64(count))
    channel.flush()
    guard case .forwarding = phase, !channel.isWritable else { return }
    isClientWaiting = true
    transport.setReading(false)
    // A tunnel's requests come whether one reads or not.
    let unsent = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    if unsent > Self.mostUnsent { cut(.tooSlow, "\(unsent) bytes wait for the old server") }
  }

  private func pumpToClient() {
    while let bytes = session.outputToClient() {
      services.metrics.bytesOut.add(UInt64(bytes.readableBytes))
      shadows.metrics.bytesToClient.add(UInt64(bytes.readableBytes))
      transport.write(bytes)
    }
    guard case .forwarding = phase, !transport.isWritable, !isServerWaiting else { return }
    isServerWaiting = true
    try? channel?.syncOptions?.setOption(.autoRead, value: false)
  }

  // MARK: Ends

  /// The gate will not have the client: nothing of what it asked for has reached the server.
  func refuse(_ denial: Denial, code: StatusCode, streamID: UInt32 = 0) {
    log.info("shadowed session refused", metadata: ["reason": "\(denial.kind.rawValue)"])
    shadows.metrics.outcomes("refused").add()
    let description = SessionEnd.denied(denial).description
    session.tellClient(Status(level: .error, code: code, description: description), streamID: streamID)
    speaker.end(.expelled)
    finish(ConnectionReason(rawValue: denial.kind.rawValue))
  }

  /// Ends the session decently: the client gets what is on its way.
  private func finish(_ reason: ConnectionReason) {
    if case .forwarding = phase { shadows.metrics.sessions.subtract() }
    pumpToClient()
    phase = .over
    speaker.end(.broken)
    closeServer()
    transport.note(reason)
    transport.flush()
    transport.finish()
  }

  func cut(_ reason: ConnectionReason, _ detail: String) {
    guard case .forwarding = phase else { return }
    shadows.metrics.sessions.subtract()
    phase = .over
    log.info("session closed", metadata: ["reason": "\(reason)", "detail": "\(detail)"])
    closeServer()
    transport.close(reason)
  }

  /// Closes the connection to the server behind all that is on its way there; a server that takes nothing is not waited
  /// for long.
  private func closeServer() {
    guard let channel else { return }
    self.channel = nil
    let said = channel.eventLoop.makePromise(of: Void.self)
    channel.writeAndFlush(ByteBuffer(), promise: said)
    let end = channel.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    said.futureResult.whenComplete { _ in
      end.cancel()
      channel.close(promise: nil)
    }
  }
}
