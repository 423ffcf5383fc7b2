import NIOCore
import RTMPTunnel
import Testing

@testable import Edge
@testable import Rooms

/// librtmp says its goodbye and is gone, with answers unread: its connection is reset.
@Suite(.timeLimit(.minutes(2))) struct BrokenTunnelConnectionTests {
  /// Polls are answered when the next request hurries them, and not before: what is behind one has to wait.
  private static var slowest: TunnelLimits {
    var limits = TunnelLimits()
    limits.pollingUnit = .hours(1)
    // Nor does time end a session here.
    limits.silence = .hours(1)
    return limits
  }

  @Test func requestsReadBeforeAResetReachTheirSession() async throws {
    try await TunnelDoor.with(limits: Self.slowest) { door in
      let (client, http) = try await Self.speaking(door)
      let goodbye = try Self.goodbye(of: client)
      try await http.send(
        Self.request("idle", client.id, client.number, ByteBuffer(bytes: [0]))
          + Self.request("send", client.id, client.number + 1, goodbye)
          + "GET /crossdomain.xml HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8
          + Self.request("idle", client.id, client.number + 2, ByteBuffer(bytes: [0])))
      #expect(try await Self.names(door) == ["alice"])
      try await Self.reset(http)

      // The next number is the one behind what was read, and what was read is a goodbye.
      let next = try await door.ask("/send/\(client.id)/\(client.number + 3)", ByteBuffer())
      #expect(next?.status == .ok)
      #expect(door.requests("out_of_order").value == 0)
      while try await !Self.names(door).isEmpty { await Task.yield() }
    }
  }

  @Test func theirSessionMayEndByThem() async throws {
    try await TunnelDoor.with(limits: Self.slowest) { door in
      let (client, http) = try await Self.speaking(door)
      try await http.send(
        Self.request("idle", client.id, client.number, ByteBuffer(bytes: [0]))
          + Self.request("close", client.id, client.number + 1, ByteBuffer(bytes: [0])))
      #expect(door.tunnels.count == 1)
      try await Self.reset(http)
      while door.tunnels.count > 0 { await Task.yield() }
      // RTMP gives an idle client up as well, only later.
      #expect(door.requests("close").value == 1)
      #expect(door.sessions.count == 0)
    }
  }

  @Test func nobodyIsThereToOpenASessionFor() async throws {
    try await TunnelDoor.with(limits: Self.slowest) { door in
      let (client, http) = try await Self.speaking(door)
      try await http.send(
        Self.request("idle", client.id, client.number, ByteBuffer(bytes: [0]))
          + "POST /open/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n\0".utf8)
      try await Self.reset(http)
      #expect(door.requests("open").value == 1)
      #expect(door.tunnels.count == 1)
    }
  }

  /// The reset may be noticed by an answer that cannot be sent, while the goodbye is still in the socket.
  @Test(arguments: [false, true])
  func requestsThatASocketHoldsWhenAnAnswerCannotBeSentReachTheirSession(isPolling: Bool) async throws {
    try await TunnelDoor.with(limits: Self.slowest) { door in
      let (client, http) = try await Self.speaking(door)
      let goodbye = try Self.goodbye(of: client)
      let number = client.number + (isPolling ? 2 : 1)
      let held =
        Self.request("send", client.id, number, goodbye)
        + Self.request("close", client.id, number + 1, ByteBuffer(bytes: [0]))
      let channel = http.channel
      try await channel.testingEventLoop.executeInContext {
        try channel.pipeline.syncOperations.addHandler(BrokenSocket(holding: ByteBuffer(bytes: held)), position: .first)
      }
      var first = Self.request("send", client.id, client.number, ByteBuffer())
      if isPolling { first += Self.request("idle", client.id, client.number + 1, ByteBuffer(bytes: [0])) }
      try? await http.send(first)
      try await http.closed()
      while door.tunnels.count > 0 { await Task.yield() }
      #expect(door.requests("close").value == 1)
      #expect(door.requests("out_of_order").value == 0)
      while try await !Self.names(door).isEmpty { await Task.yield() }
    }
  }

  /// A socket as it is after a reset that nobody has noticed: the first answer cannot be sent; what it holds can still be
  /// read if somebody wants to, and then it is closed.
  private final class BrokenSocket: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let holding: ByteBuffer
    private var unsent: [EventLoopPromise<Void>] = []
    private var isReadable = false

    init(holding: ByteBuffer) { self.holding = holding }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      if let promise { unsent.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {
      isReadable = false
      context.pipeline.syncOperations.read()
      if isReadable {
        context.fireChannelRead(wrapInboundOut(holding))
        context.fireChannelReadComplete()
      }
      let error = IOError(errnoCode: 32, reason: "broken pipe")
      unsent.forEach { $0.fail(error) }
      unsent.removeAll()
      context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) { isReadable = true }
  }

  /// Somebody who publishes, and a connection that its next requests come by.
  private static func speaking(_ door: TunnelDoor) async throws -> (TunnelClient, HTTPTestChannel) {
    let client = TunnelClient(try #require(try await door.open()), door)
    #expect(try await client.publish("alice") == .publishStart)
    return (client, try await HTTPTestChannel(tunnels: door.tunnels))
  }

  /// The end of a publication, as it would be sent.
  private static func goodbye(of client: TunnelClient) throws -> ByteBuffer {
    try client.session.unpublish("alice", streamID: 1)
    var goodbye = ByteBuffer()
    while let bytes = client.session.output() { goodbye.writeImmutableBuffer(bytes) }
    return goodbye
  }

  private static func request(_ verb: String, _ id: String, _ number: Int, _ body: ByteBuffer) -> [UInt8] {
    let head =
      "POST /\(verb)/\(id)/\(number) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.readableBytes)\r\n\r\n"
    return Array(head.utf8) + body.readableBytesView
  }

  /// As a socket tells it: the error first, then that the channel is not active any more.
  private static func reset(_ http: HTTPTestChannel) async throws {
    let channel = http.channel
    try await channel.testingEventLoop.executeInContext {
      channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "connection reset"))
    }
    try await http.closed()
  }

  private static func names(_ door: TunnelDoor) async throws -> [String] {
    let listening = try await door.engine.listen(room: "demo")
    await door.engine.stopListening(listening)
    return listening.participants.map { "\($0.name)" }
  }
}
