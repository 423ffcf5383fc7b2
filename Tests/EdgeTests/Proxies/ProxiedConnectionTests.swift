import AccessPolicy
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Edge

/// The door behind a proxy, on an embedded channel.
@Suite struct ProxiedConnectionTests {
  private static let v1 = Array("PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n".utf8)
  private static let v2: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51,
    100, 1, 0x9C, 0x40, 0x01, 0xBB,
  ]
  private static let local: [UInt8] = v2.prefix(12) + [0x20, 0, 0, 0]

  /// Remembers what it was asked, and refuses one address.
  private final class Doorkeeper: Admission {
    enum Question: Hashable, Sendable {
      case admit(Visitor)
      case release(Visitor)
    }
    let asked = Mutex<[Question]>([])
    let refused: String?

    init(refusing refused: String?) { self.refused = refused }

    func admit(_ visitor: Visitor, listener: ListenerID) -> AdmissionDecision {
      asked.withLock { $0.append(.admit(visitor)) }
      return visitor.address.ipAddress == refused ? .refused(ConnectionReason(rawValue: "blacklist")) : .admitted
    }

    func release(_ visitor: Visitor, listener: ListenerID) { asked.withLock { $0.append(.release(visitor)) } }
  }

  private final class Notes: ConnectionObserver {
    private let kept = Mutex<(ended: [ConnectionReason], served: [ConnectionInfo], ignored: [ForwardingHeader])>(
      ([], [], []))
    var ended: [ConnectionReason] { kept.withLock { $0.ended } }
    var served: [ConnectionInfo] { kept.withLock { $0.served } }
    var ignored: [ForwardingHeader] { kept.withLock { $0.ignored } }

    func connectionAccepted(_ connection: ConnectionInfo) {}
    func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {
      kept.withLock { $0.served.append(connection) }
    }
    func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {
      kept.withLock { $0.ended.append(reason) }
    }
    func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
      kept.withLock { $0.ended.append(reason) }
    }
    func forwardingIgnored(_ connection: ConnectionInfo, _ header: ForwardingHeader) {
      kept.withLock { $0.ignored.append(header) }
    }
    func acceptFailed(on listener: ListenerID, errnoCode: Int32) {}
  }

  private struct Door {
    let channel = EmbeddedChannel()
    let doorkeeper: Doorkeeper
    let notes = Notes()
    let peer: SocketAddress

    init(peer: String = "10.0.0.1", required: Bool = false, refusing refused: String? = nil) throws {
      doorkeeper = Doorkeeper(refusing: refused)
      self.peer = try SocketAddress(ipAddress: peer, port: 7)
      var configuration = ListenerConfiguration(id: ListenerID(rawValue: "x"), address: self.peer, accept: [.rtmp])
      configuration.proxyProtocol = ProxyProtocolTrust(
        proxies: TrustedProxies([try ListEntry(parsing: "10.0.0.0/8").range]), isRequired: required)
      let services = DoorServices(rtmp: FirstBytesHandlerTests.Door.sink, admission: doorkeeper, observer: notes)
      try channel.connect(to: self.peer).wait()
      let visitor = configuration.visitor(from: self.peer)
      _ = doorkeeper.admit(visitor, listener: configuration.id)
      let info = ConnectionInfo(
        id: 1, listener: configuration.id, peerAddress: self.peer, localAddress: nil,
        acceptedAt: channel.embeddedEventLoop.now)
      let connection = DoorConnection(
        info: info, visitor: visitor, channel: channel, services: services, configuration: configuration)
      try channel.pipeline.syncOperations.addHandler(FirstBytesHandler(services: services, connection: connection))
    }

    func send(_ bytes: [UInt8]) { _ = try? channel.writeInbound(ByteBuffer(bytes: bytes)) }

    func close() {
      _ = try? channel.finish()
      channel.embeddedEventLoop.run()
    }

    var received: [UInt8] {
      (try? channel.pipeline.syncOperations.handler(type: FirstBytesHandlerTests.Sink.self))?.received ?? []
    }

    var asked: [Doorkeeper.Question] { doorkeeper.asked.withLock { $0 } }
  }

  private let client = try? SocketAddress(ipAddress: "192.0.2.1", port: 40_000)

  @Test(arguments: [v1, v2])
  func clientBehindATrustedProxyIsItselfHoweverTheHeaderComes(header: [UInt8]) throws {
    for split in 0...header.count + 2 {
      let door = try Door()
      let bytes = header + [3, 1, 2]
      door.send(Array(bytes.prefix(split)))
      door.send(Array(bytes.dropFirst(split)))
      #expect(door.received == [3, 1, 2])
      #expect(door.notes.served.first?.remoteAddress == client)
      #expect(door.notes.served.first?.peerAddress == door.peer)
      door.close()
      let visitor = Visitor.client(try #require(client))
      #expect(
        door.asked == [.admit(.proxy(door.peer)), .release(.proxy(door.peer)), .admit(visitor), .release(visitor)])
    }
    let door = try Door()
    for byte in header + [3, 1] { door.send([byte]) }
    #expect(door.received == [3, 1])
    door.close()
  }

  @Test func refusedClientIsGoneBeforeItsFirstByteIsServed() throws {
    let door = try Door(refusing: "192.0.2.1")
    door.send(Self.v1 + [3, 1, 2])
    #expect(door.received == [])
    #expect(!door.channel.isActive)
    door.close()
    #expect(door.notes.ended == [ConnectionReason(rawValue: "blacklist")])
    // The refused one was never counted, so it is not released.
    #expect(door.asked.last == .admit(.client(try #require(client))))
  }

  @Test(arguments: [v1, v2]) func headerOfAStrangerIsReadAndChangesNothing(header: [UInt8]) throws {
    let door = try Door(peer: "203.0.113.5")
    door.send(header + [3, 1])
    #expect(door.received == [3, 1])
    #expect(door.notes.served.first?.remoteAddress == door.peer)
    #expect(door.notes.served.first?.proxy == nil)
    #expect(door.notes.ignored == [header == Self.v1 ? .proxyV1 : .proxyV2])
    #expect(door.asked == [.admit(.client(door.peer))])
    door.close()
  }

  @Test(arguments: ["10.0.0.1", "203.0.113.5"]) func malformedHeaderRefusesTheConnection(peer: String) throws {
    let door = try Door(peer: peer)
    door.send(Array("PROXY TCP4 nonsense\r\n\u{3}".utf8))
    #expect(!door.channel.isActive)
    door.close()
    #expect(door.notes.ended == [.proxyMalformed])
  }

  @Test func secondHeaderIsNone() throws {
    let door = try Door()
    door.send(Self.v1 + Self.v1 + [3])
    door.close()
    #expect(door.notes.ended == [.notAccepted(.proxyV1)])
  }

  @Test func trustedPeerWithoutHeaderIsAClientUnlessOneIsRequired() throws {
    let lenient = try Door()
    lenient.send([3, 1])
    #expect(lenient.received == [3, 1])
    #expect(lenient.notes.served.first?.remoteAddress == lenient.peer)
    #expect(lenient.asked.last == .admit(.client(lenient.peer)))
    lenient.close()
    let strict = try Door(required: true)
    strict.send([3, 1])
    #expect(strict.received == [])
    strict.close()
    #expect(strict.notes.ended == [.proxyMissing])
    let stranger = try Door(peer: "203.0.113.5", required: true)
    stranger.send([3, 1])
    #expect(stranger.received == [3, 1])
    stranger.close()
  }

  @Test func probeOfAProxyLeavesWithoutATrace() throws {
    let door = try Door()
    door.send(Self.local)
    door.close()
    #expect(door.notes.ended == [.leftEarly])
    #expect(door.asked == [.admit(.proxy(door.peer)), .release(.proxy(door.peer))])
  }

  @Test func mappedAddressOfAnIPv6SocketIsThatOfItsIPv4Client() throws {
    #expect(
      try SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 5).unmapped
        == SocketAddress(ipAddress: "192.0.2.1", port: 5))
    #expect(
      try SocketAddress(ipAddress: "2001:db8::1", port: 5).unmapped == SocketAddress(ipAddress: "2001:db8::1", port: 5))
  }

  @Test func proxiesCountInTotalAndTheirClientsEachForItself() throws {
    let limits = SessionLimits(sessions: 3, sessionsPerAddress: 1)
    let (listener, peer) = (ListenerID(rawValue: "x"), try SocketAddress(ipAddress: "10.0.0.1", port: 1))
    #expect(limits.admit(.proxy(peer), listener: listener) == .admitted)
    #expect(limits.admit(.proxy(peer), listener: listener) == .admitted)
    #expect(limits.admit(.client(peer), listener: listener) == .admitted)
    #expect(limits.admit(.proxy(peer), listener: listener) == .refused(.tooManySessions))
    limits.release(.proxy(peer), listener: listener)
    #expect(limits.admit(.client(peer), listener: listener) == .refused(.tooManySessionsFromAddress))
    limits.release(.client(peer), listener: listener)
    limits.release(.proxy(peer), listener: listener)
    #expect(limits.sessions == 0)
  }
}
