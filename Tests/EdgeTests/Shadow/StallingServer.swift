import NIOCore
import NIOPosix
import RTMP
import Synchronization

/// An old server that says yes to everything, counts media, and can be told not to read.
final class StallingServer: Sendable {
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var session: ServerSession
    private let counted: @Sendable () -> Void

    init(counted: @escaping @Sendable () -> Void) {
      var random = SystemRandomNumberGenerator()
      session = ServerSession(random: &random, now: .now())
      self.counted = counted
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      do { try session.receive(&bytes, at: .now()) } catch { return context.close(promise: nil) }
      while let event = session.next() {
        switch event {
        case .connect: session.acceptConnect()
        case .publish(let request): session.acceptPublish(streamID: request.streamID)
        case .play(let request): session.acceptPlay(streamID: request.streamID)
        case .media: counted()
        case .publishEnded, .playEnded, .metadata: break
        }
      }
      while let bytes = session.output() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }
  }

  private let listener: any Channel
  private let ticks: AsyncStream<Void>

  var port: Int { listener.localAddress?.port ?? 0 }

  static func start() async throws -> StallingServer {
    let (ticks, feed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let server = Parts()
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        server.channels.withLock { $0.append(channel) }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            Handler {
              server.count.withLock { $0 += 1 }
              feed.yield()
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return StallingServer(listener, server, ticks)
  }

  /// What connections share.
  private final class Parts: Sendable {
    let channels = Mutex<[any Channel]>([])
    let count = Mutex(0)
  }

  private let parts: Parts

  private init(_ listener: any Channel, _ parts: Parts, _ ticks: AsyncStream<Void>) {
    self.listener = listener
    self.parts = parts
    self.ticks = ticks
  }

  func stall() { setReading(false) }

  func resume() { setReading(true) }

  private func setReading(_ isReading: Bool) {
    for channel in parts.channels.withLock({ $0 }) {
      channel.setOption(.autoRead, value: isReading).whenComplete { _ in }
    }
  }

  /// Waits until so many media messages have come.
  func received(mediaMessages: Int) async {
    var ticks = ticks.makeAsyncIterator()
    while parts.count.withLock({ $0 }) < mediaMessages { _ = await ticks.next() }
  }

  func stop() async {
    for channel in parts.channels.withLock({ $0 }) { try? await channel.close() }
    try? await listener.close()
  }
}
