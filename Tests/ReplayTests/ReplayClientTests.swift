import NIOCore
import NIOPosix
import Testing

@testable import Replay

@Suite(.timeLimit(.minutes(1))) struct ReplayClientTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  /// A recording of the handshake and the publish of a real client, without most of its media and its waits.
  /// - Parameter end: when its last bytes are sent, in microseconds.
  private func shortSession(end: Int64 = 29_500) throws -> RecordedSession {
    let fixture = try #require(Fixture.all.first)
    let session = try fixture.session()
    var file = CaptureWriter()
    file.packet(Talker().answering.says([], sequence: 0, flags: Talker.synchronize), at: 0)
    var sequence: UInt32 = 0
    for (index, segment) in session.segments.enumerated() {
      let payload = Array(segment.bytes.readableBytesView)
      let time = index == 59 ? end : Int64(index) * 500
      if index < 60 { file.packet(Talker().says(payload, sequence: sequence), at: time) }
      sequence &+= UInt32(payload.count)
      if index == 0 { file.packet(Talker().answering.says(session.serverHello.readableBytesView, sequence: 1), at: 1) }
    }
    return try #require(try RecordedSession.read(capture: file.bytes).first)
  }

  /// Runs a server for the time of `body`, which gets its port; returns what its only client said.
  private func serving(
    closingAfter limit: Int = .max, _ body: (Int) async throws -> Void
  ) async throws -> ObligingServer {
    let heard = group.next().makePromise(of: ObligingServer.self)
    let server = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ServerHandler(limit: limit, heard: heard))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(server.localAddress?.port ?? 0))
    } catch {
      outcome = .failure(error)
    }
    try await server.close()
    if case .failure = outcome { heard.fail(ChannelError.eof) }
    try outcome.get()
    return try await heard.futureResult.get()
  }

  @Test func allIsPlayedOverARealSocket() async throws {
    let session = try shortSession()
    let server = try await serving { port in
      try await ReplayClient(url: "rtmp://127.0.0.1:\(port)").play(session, on: group)
    }
    #expect(server.published == ["flash-speaker"])
    #expect(server.media.count > 20)
    var other = ObligingServer()
    var script = ReplayScript(session)
    script.begin(at: .now())
    while let due = script.deadline, let bytes = script.output(at: due) {
      try other.receive(bytes, at: due)
      if let answer = other.output() { script.receive(answer) }
    }
    #expect(server.media == other.media, "the last byte counts as well")
  }

  @Test(arguments: [ReplayPace.max, .times(50)])
  func fasterThanRecordedAllIsPlayedToo(pace: ReplayPace) async throws {
    // In real time it would take an hour.
    let session = try shortSession(end: pace == .max ? 3_600_000_000 : 2_000_000)
    let server = try await serving { port in
      let client = try ReplayClient(url: "rtmp://127.0.0.1:\(port)", pace: pace)
      let seen = try await client.observe(session, named: "a", on: group)
      #expect(seen.closedAfterMilliseconds == nil)
      #expect(seen.result.name == "a" && seen.result.tracks == nil && seen.result.end.side == .client)
      #expect(seen.result.conversation.contains { $0.side == .gateway && $0.code == "NetStream.Publish.Start" })
    }
    #expect(server.media.count > 20)
  }

  @Test(arguments: [1, 3_073, 4_000, 12_000])
  func aServerThatClosesInMidSessionIsToldOf(limit: Int) async throws {
    // Its end is far away: a busy machine must not have played all of it before it sees the close.
    let session = try shortSession(end: 600_000_000)
    await #expect {
      _ = try await serving(closingAfter: limit) { port in
        try await ReplayClient(url: "rtmp://127.0.0.1:\(port)").play(session, on: group)
      }
    } throws: { error in
      if case ReplayError.closedByServer = error { true } else { false }
    }
  }

  @Test func whereNobodyListensThereIsNoConnection() async throws {
    let session = try shortSession()
    let unused = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(unused.localAddress?.port)
    try await unused.close()
    await #expect(throws: ReplayError.connection("Connection refused")) {
      try await ReplayClient(url: "rtmp://127.0.0.1:\(port)").play(session, on: group)
    }
  }

  @Test func aCancelledReplayEndsAtOnce() async throws {
    let session = try #require(Fixture.all.first).session()
    await #expect(throws: CancellationError.self) {
      _ = try await serving { port in
        let playing = Task { try await ReplayClient(url: "rtmp://127.0.0.1:\(port)").play(session, on: group) }
        playing.cancel()
        try await playing.value
      }
    }
  }
}

/// Gives what is read to the server, and its answers back; closes after `limit` bytes.
private final class ServerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var server = ObligingServer()
  private var left: Int
  private let heard: EventLoopPromise<ObligingServer>

  init(limit: Int, heard: EventLoopPromise<ObligingServer>) {
    left = limit
    self.heard = heard
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    left -= bytes.readableBytes
    if left <= 0 { return context.close(promise: nil) }
    do {
      try server.receive(bytes, at: .now())
    } catch {
      Issue.record(error)
    }
    if let answer = server.output() { context.writeAndFlush(wrapOutboundOut(answer), promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    heard.succeed(server)
  }
}
