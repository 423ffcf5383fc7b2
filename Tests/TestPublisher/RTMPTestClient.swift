import FLV
import NIOCore
import NIOPosix
import RTMP

/// An RTMP client on a real socket; lives in one test.
final class RTMPTestClient {
  var session: ClientSession
  private(set) var events: [ClientSessionEvent] = []
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private(set) var isEnded = false

  private init(
    app: String, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    var random = SystemRandomNumberGenerator()
    session = ClientSession(
      connect: ConnectParameters(app: app, tcUrl: "rtmp://localhost/\(app)"), random: &random, now: .now())
    self.inbound = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  static func run(
    to address: SocketAddress, app: String = "live/demo", _ body: (RTMPTestClient) async throws -> Void
  ) async throws {
    let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    try await connection.executeThenClose { inbound, outbound in
      try await body(RTMPTestClient(app: app, inbound, outbound))
    }
  }

  /// Connects, creates stream 1 and asks to publish on it. Returns the status that answers.
  func publish(_ name: String) async throws -> StatusCode? {
    guard try await until({ if case .connected = $0 { true } else { false } }) != nil else { return nil }
    try session.createStream()
    guard try await until({ if case .streamCreated = $0 { true } else { false } }) != nil else { return nil }
    try session.publish(name, streamID: 1)
    return try await status()
  }

  /// The next status.
  func status() async throws -> StatusCode? {
    let event = try await until { if case .status = $0 { true } else { false } }
    guard case .status(_, let status)? = event else { return nil }
    return status.code
  }

  func send(_ tags: some Sequence<FLVTag>, from start: Int64 = 0) async throws {
    for tag in tags {
      session.send(
        MediaMessage(
          kind: tag.type == .audio ? .audio : .video, streamID: 1, timestamp: start + Int64(tag.timestamp),
          body: tag.body))
    }
    try await flush()
  }

  /// Sends bytes; a server that has closed already does not mind.
  func write(_ bytes: ByteBuffer) async throws {
    do { try await outbound.write(bytes) } catch ChannelError.ioOnClosedChannel {}
  }

  /// Sends what the session has to say.
  func flush() async throws {
    while let bytes = session.output() { try await write(bytes) }
  }

  /// Reads until such an event comes; nil when the server closes before. A reset is thrown.
  func until(_ isWanted: (ClientSessionEvent) -> Bool) async throws -> ClientSessionEvent? {
    while true {
      while let event = session.next() {
        events.append(event)
        if isWanted(event) { return event }
      }
      try await flush()
      guard var bytes = try await inbound.next() else {
        isEnded = true
        return nil
      }
      try session.receive(&bytes, at: .now())
    }
  }

  /// Reads until the server closes; a reset is thrown.
  func readToEnd() async throws { _ = try await until { _ in false } }
}
