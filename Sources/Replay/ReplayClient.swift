import Glibc
import NIOCore
import NIOPosix

/// Plays recorded sessions to a gateway, over real sockets and in real time, or so many times faster.
///
/// Each session is one connection, on which the recorded bytes are sent at the recorded times. A gateway that answers
/// later than the recorded server did gets commands before it has answered the earlier ones; one that is played to
/// faster than recorded is given time to answer what clients wait for (`connect`, `createStream`, `publish`, `play`).
public struct ReplayClient: Sendable {
  /// What the client could see of a session.
  public struct Observation: Sendable {
    /// What both sides said; nothing of its media.
    public let result: SessionResult
    /// The gateway closed before all was said, after so many milliseconds.
    public let closedAfterMilliseconds: Int64?
  }

  private let address: GatewayAddress
  private let pace: ReplayPace

  /// - Parameter url: `rtmp://HOST[:PORT]`; application, room and name are those of the recording.
  /// - Throws: ``ReplayError/badURL(_:)``.
  public init(url: String, pace: ReplayPace = .recorded) throws(ReplayError) {
    address = try GatewayAddress(url)
    self.pace = pace
  }

  /// Plays one session to its end and until the gateway has closed, too. A cancelled task closes the connection.
  /// - Throws: ``ReplayError``, also when the gateway closes in mid-session, or `CancellationError`.
  public func play(_ session: RecordedSession, on group: any EventLoopGroup) async throws {
    let observation = try await observe(session, named: "", on: group)
    if let time = observation.closedAfterMilliseconds { throw ReplayError.closedByServer(afterMilliseconds: time) }
  }

  /// The same, and says what was seen; a gateway that closes in mid-session is seen, too.
  /// - Throws: ``ReplayError`` when there is no connection, or `CancellationError`.
  public func observe(
    _ session: RecordedSession, named name: String, on group: any EventLoopGroup
  ) async throws -> Observation {
    let loop = group.next()
    let done = loop.makePromise(of: Observation.self)
    let pace = pace
    let bootstrap = ClientBootstrap(group: loop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ReplayHandler(
              ReplayScript(session, pace: pace), waits: pace.isFasterThanRecorded, named: name, done: done))
        }
      }
    let channel: any Channel
    do {
      channel = try await bootstrap.connect(host: address.host, port: address.port).get()
    } catch {
      let failure = ReplayError.connection(error.plainText)
      // The handler may have been made before the connection failed.
      done.fail(failure)
      throw failure
    }
    return try await withTaskCancellationHandler {
      do {
        let observation = try await done.futureResult.get()
        try Task.checkCancellation()
        return observation
      } catch {
        try Task.checkCancellation()
        throw error
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }
}

/// Moves bytes between the socket and the script.
private final class ReplayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a gateway may take to close after the client has.
  private static let farewell = TimeAmount.seconds(2)
  /// How long one may take to answer before all else is sent nevertheless.
  private static let longestWait = TimeAmount.seconds(5)

  private enum Stage {
    case playing(timer: Scheduled<Void>?)
    /// All is said, and the sending half closed.
    case leaving(timer: Scheduled<Void>)
    case over
  }

  private let name: String
  private let done: EventLoopPromise<ReplayClient.Observation>
  /// Whether answers are awaited that the recorded client had waited for, too.
  private let waits: Bool
  private var patience: Scheduled<Void>?
  private var script: ReplayScript
  private var recorder = ConversationRecorder()
  private var began = NIODeadline.now()
  private var stage = Stage.playing(timer: nil)

  init(_ script: ReplayScript, waits: Bool, named name: String, done: EventLoopPromise<ReplayClient.Observation>) {
    self.script = script
    self.waits = waits
    self.name = name
    self.done = done
  }

  func channelActive(context: ChannelHandlerContext) {
    began = .now()
    script.begin(at: began)
    speak(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    recorder.gatewaySaid(bytes, at: place)
    script.receive(bytes)
    speak(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
  }

  /// A reset, mostly: the gateway closed while bytes for it were on their way.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish()
    context.close(promise: nil)
  }

  private func speak(_ context: ChannelHandlerContext) {
    guard case .playing(let timer) = stage else { return }
    let now = NIODeadline.now()
    while !isHeldBack(context), let bytes = script.output(at: now) {
      recorder.clientSaid(bytes, at: place) { _ in }
      context.write(wrapOutboundOut(bytes), promise: nil)
    }
    context.flush()
    if script.isDone {
      leave(context)
    } else if !isHeldBack(context), let deadline = script.deadline, timer == nil {
      stage = .playing(
        timer: context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
          guard case .playing = self.stage else { return }
          self.stage = .playing(timer: nil)
          self.speak(context)
        })
    }
  }

  /// Whether an answer must come first: a gateway takes only so much from a client that does not wait. One that never
  /// answers is not waited for long.
  private func isHeldBack(_ context: ChannelHandlerContext) -> Bool {
    guard waits, !recorder.owed.isEmpty else {
      patience?.cancel()
      patience = nil
      return false
    }
    if patience == nil {
      patience = context.eventLoop.assumeIsolated().scheduleTask(in: Self.longestWait) {
        self.recorder.forgetOwed()
        self.speak(context)
      }
    }
    return true
  }

  /// Closes the sending half, behind the last bytes. To close both halves at once while answers arrive would reset the
  /// connection, and the gateway might lose the end of what was sent.
  private func leave(_ context: ChannelHandlerContext) {
    stage = .leaving(
      timer: context.eventLoop.assumeIsolated().scheduleTask(in: Self.farewell) { context.close(promise: nil) })
    context.close(mode: .output, promise: nil)
  }

  private func finish() {
    patience?.cancel()
    switch stage {
    case .playing(let timer):
      timer?.cancel()
      succeed(.gateway, after: (NIODeadline.now() - began).nanoseconds / 1_000_000)
    case .leaving(let timer):
      timer.cancel()
      succeed(.client, after: nil)
    case .over: return
    }
    stage = .over
  }

  private var place: CapturePlace { CapturePlace(packet: script.packet, milliseconds: script.milliseconds) }

  private func succeed(_ side: ConnectionEnd.Side, after milliseconds: Int64?) {
    let result = SessionResult(
      name: name, conversation: recorder.lines, end: ConnectionEnd(side: side, place: place), tracks: nil)
    done.succeed(ReplayClient.Observation(result: result, closedAfterMilliseconds: milliseconds))
  }
}

extension Error {
  /// What went wrong in the system's own words.
  fileprivate var plainText: String {
    if let code = (self as? IOError)?.errnoCode { return String(cString: strerror(code)) }
    guard let failure = self as? NIOConnectionError else { return "\(self)" }
    if let refusal = failure.connectionErrors.first { return refusal.error.plainText }
    return "\(failure.host) has no address"
  }
}
