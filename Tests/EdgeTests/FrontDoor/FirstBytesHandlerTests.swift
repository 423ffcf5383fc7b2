import NIOCore
import NIOEmbedded
import Testing

@testable import Edge

/// The door on an embedded channel, with a clock of its own.
@Suite struct FirstBytesHandlerTests {
  /// Collects what the door hands on.
  final class Sink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var received: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += Array(unwrapInboundIn(data).readableBytesView)
    }
  }

  struct Door {
    let channel = EmbeddedChannel()
    let observer = RecordingObserver()
    let limits = SessionLimits()
    var services: DoorServices

    init(
      accept: Set<DoorProtocol> = [.rtmp, .rtmpe, .policy], rtmp: DoorServices.Install? = Self.sink,
      policy: DoorServices.Install? = Self.sink
    ) throws {
      services = DoorServices(rtmp: rtmp, policy: policy, admission: limits, observer: observer)
      let remote = try SocketAddress(ipAddress: "192.0.2.1", port: 40_000)
      let configuration = ListenerConfiguration(id: ListenerID(rawValue: "test"), address: remote, accept: accept)
      try channel.connect(to: remote).wait()
      #expect(limits.admit(.client(remote), listener: configuration.id) == .admitted)
      let info = ConnectionInfo(
        id: 1, listener: configuration.id, peerAddress: remote, localAddress: nil,
        acceptedAt: channel.embeddedEventLoop.now)
      let connection = DoorConnection(
        info: info, visitor: .client(remote), channel: channel, services: services, configuration: configuration)
      try channel.pipeline.syncOperations.addHandler(FirstBytesHandler(services: services, connection: connection))
    }

    static let sink: DoorServices.Install = { channel, _ in try channel.pipeline.syncOperations.addHandler(Sink()) }

    /// What the observer was told, once the loop has done what was due.
    var events: [RecordingObserver.Event] {
      channel.embeddedEventLoop.run()
      return observer.soFar
    }

    var sink: Sink? { try? channel.pipeline.syncOperations.handler(type: Sink.self) }
    var isSniffing: Bool { (try? channel.pipeline.syncOperations.handler(type: FirstBytesHandler.self)) != nil }
  }

  @Test(arguments: [
    [0x03] + Array(UInt8(0)..<40), [0x06] + Array(UInt8(0)..<40), Array("<policy-file-request/>\0".utf8),
  ])
  func everySplitHandsOnEachByteOnce(bytes: [UInt8]) throws {
    for split in 0...bytes.count {
      let door = try Door()
      for piece in [bytes.prefix(split), bytes.dropFirst(split)] {
        _ = try door.channel.writeInbound(ByteBuffer(bytes: piece))
      }
      #expect(door.sink?.received == bytes)
      #expect(!door.isSniffing)
      _ = try door.channel.finish()
    }
    let door = try Door()
    for byte in bytes { _ = try door.channel.writeInbound(ByteBuffer(bytes: [byte])) }
    #expect(door.sink?.received == bytes)
    _ = try door.channel.finish()
  }

  @Test(arguments: [
    ([0x16, 0x03, 0x01], FirstBytes.tls, ConnectionReason.notAccepted(.tls)),
    (Array("GET / HTTP/1.1\r\n\r\n".utf8), .http, .notAccepted(.http)),
    (Array("PROXY TCP4".utf8), .proxyV1, .notAccepted(.proxyV1)),
    ([0x80, 0x2E, 0x01], .garbage, .garbage),
  ])
  func whatIsNotAcceptedIsClosedAndCountedByReason(bytes: [UInt8], first: FirstBytes, reason: ConnectionReason) throws {
    let door = try Door()
    _ = try? door.channel.writeInbound(ByteBuffer(bytes: bytes))
    #expect(!door.channel.isActive)
    #expect(door.events == [.accepted, .refused(first, reason)])
    #expect(door.limits.sessions == 0)
  }

  @Test func silentClientIsClosedAtTheHandshakeTimeout() throws {
    let door = try Door()
    door.channel.embeddedEventLoop.advanceTime(by: .milliseconds(9999))
    #expect(door.channel.isActive)
    door.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!door.channel.isActive)
    #expect(door.events == [.accepted, .refused(nil, .handshakeTimeout)])
  }

  @Test func timeoutRunsUntilTheProtocolIsEstablished() throws {
    let door = try Door()
    _ = try door.channel.writeInbound(ByteBuffer(bytes: [3, 1, 2]))
    door.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    #expect(door.events == [.accepted, .served(.rtmp), .closed(.rtmp, .handshakeTimeout)])
    #expect(door.limits.sessions == 0)
  }

  @Test func establishedConnectionOutlivesTheTimeout() throws {
    let door = try Door(rtmp: { channel, connection in
      try Door.sink(channel, connection)
      connection.established()
    })
    _ = try door.channel.writeInbound(ByteBuffer(bytes: [3]))
    door.channel.embeddedEventLoop.advanceTime(by: .hours(1))
    #expect(door.channel.isActive)
    _ = try door.channel.finish()
    #expect(door.events == [.accepted, .served(.rtmp), .closed(.rtmp, .clientClosed)])
  }

  @Test func protocolWithoutServiceIsRefused() throws {
    let door = try Door(rtmp: nil)
    _ = try? door.channel.writeInbound(ByteBuffer(bytes: [3]))
    #expect(door.events == [.accepted, .refused(.rtmp, .notAccepted(.rtmp))])
  }

  @Test func failingServiceClosesTheConnection() throws {
    struct Failure: Error {}
    let door = try Door(rtmp: { _, _ in throw Failure() })
    _ = try? door.channel.writeInbound(ByteBuffer(bytes: [3]))
    #expect(door.events == [.accepted, .served(.rtmp), .closed(.rtmp, .setupFailed)])
  }

  @Test func clientThatLeavesEarlyIsCounted() throws {
    let door = try Door()
    _ = try door.channel.writeInbound(ByteBuffer(string: "GE"))
    _ = try door.channel.finish()
    #expect(door.events == [.accepted, .refused(nil, .leftEarly)])
  }

  @Test func firstReasonStays() throws {
    let door = try Door(rtmp: { channel, connection in
      try Door.sink(channel, connection)
      connection.note(ConnectionReason(rawValue: "rtmp_bad_chunk"))
      connection.close(.idle)
    })
    _ = try? door.channel.writeInbound(ByteBuffer(bytes: [3]))
    #expect(door.events.last == .closed(.rtmp, ConnectionReason(rawValue: "rtmp_bad_chunk")))
  }

  @Test func drainClosesAConnectionThatHasNotSaidWhatItIs() throws {
    let door = try Door()
    door.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
    #expect(door.events == [.accepted, .refused(nil, .draining)])
  }
}
