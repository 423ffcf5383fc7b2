import NIOCore
import NIOPosix

/// Plays recorded sessions to a gateway, over real sockets and in real time.
public struct ReplayClient: Sendable {
  private let host: String
  private let port: Int

  /// - Parameter url: `rtmp://HOST[:PORT]`; application, room and name are those of the recording.
  /// - Throws: ``ReplayError/badURL(_:)``.
  public init(url: String) throws(ReplayError) {
    guard url.hasPrefix("rtmp://") else { throw .badURL(url) }
    let authority = url.dropFirst("rtmp://".count)
    guard !authority.isEmpty, !authority.contains("/") || authority.hasSuffix("/") else { throw .badURL(url) }
    let parts = (authority.hasSuffix("/") ? authority.dropLast() : authority).split(separator: ":")
    guard let host = parts.first, parts.count <= 2, !host.contains("/") else { throw .badURL(url) }
    self.host = String(host)
    if parts.count == 2 {
      guard let port = Int(parts[1]), (1...65535).contains(port) else { throw .badURL(url) }
      self.port = port
    } else {
      port = 1935
    }
  }

  /// Plays one session to its end.
  /// - Throws: ``ReplayError``.
  public func play(_ session: RecordedSession, on group: any EventLoopGroup) async throws {
    let loop = group.next()
    let done = loop.makePromise(of: Void.self)
    let bootstrap = ClientBootstrap(group: loop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let script = try ReplayScript(session, began: .now())
          try channel.pipeline.syncOperations.addHandler(ReplayHandler(script: script, done: done))
        }
      }
    let channel: any Channel
    do {
      channel = try await bootstrap.connect(host: host, port: port).get()
    } catch {
      done.fail(error)
      _ = try? await done.futureResult.get()
      throw ReplayError.connection("\(error)")
    }
    try await withTaskCancellationHandler {
      try await done.futureResult.get()
    } onCancel: {
      channel.close(promise: nil)
    }
  }
}

/// Moves bytes between the socket and the script.
private final class ReplayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var script: ReplayScript
  private let began = NIODeadline.now()
  private var done: EventLoopPromise<Void>?
  private var isTimerSet = false

  init(script: ReplayScript, done: EventLoopPromise<Void>) {
    self.script = script
    self.done = done
  }

  func channelActive(context: ChannelHandlerContext) {
    speak(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    script.receive(unwrapInboundIn(data))
    speak(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let seconds = Double((NIODeadline.now() - began).nanoseconds) / 1e9
    finish(script.isDone ? nil : ReplayError.closedByServer(afterSeconds: seconds))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish(ReplayError.connection("\(error)"))
    context.close(promise: nil)
  }

  private func speak(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    while let bytes = script.output(at: now) { context.write(wrapOutboundOut(bytes), promise: nil) }
    context.flush()
    if script.isDone {
      // Behind the last bytes: they are written before the close.
      context.close(promise: nil)
    } else if let deadline = script.deadline, !isTimerSet {
      isTimerSet = true
      context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
        self.isTimerSet = false
        if context.channel.isActive { self.speak(context) }
      }
    }
  }

  private func finish(_ error: ReplayError?) {
    guard let done = done.take() else { return }
    if let error { done.fail(error) } else { done.succeed() }
  }
}
