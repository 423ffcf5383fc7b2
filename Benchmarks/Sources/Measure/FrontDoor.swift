import CDatagrams
import Edge
import Glibc
import NIOCore
import NIOPosix

/// What a connection pays to be let in and told apart by its first byte: a listener of the gateway beside a bare one of
/// the same socket options, both on one event loop whose thread's time counts. The rest of a connection (accepting,
/// reading, an answer of one byte, closing) is the same in both, so the difference is the front door's.
final class FrontDoor {
  enum Failure: Error { case noConnection }

  /// Connections of one run, one after the other.
  static let connections = 2000

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let door: Listener
  private let bare: any Channel

  private init() async throws {
    let services = DoorServices(
      rtmp: { channel, _ in try channel.pipeline.syncOperations.addHandler(Answer()) },
      admission: SessionLimits(), observer: Nobody())
    self.door = try await Listener.bind(
      ListenerConfiguration(
        id: ListenerID(rawValue: "door"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.rtmp]),
      services: services, group: self.group)
    self.bare = try await ServerBootstrap(group: self.group)
      .serverChannelOption(.backlog, value: 1024)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 16_384)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  static func measure() async throws {
    let bench = try await FrontDoor()
    let loop = bench.group.next()
    let watch = Stopwatch(rounds: 9, clock: { (try? loop.submit { Stopwatch.threadTime() }.wait()) ?? 0 })
    let (door, bare) = (bench.door.localAddress.port ?? 0, bench.bare.localAddress?.port ?? 0)
    let reading = try watch.read(
      { try Self.knock(at: door) }, against: [("a bare listener", { try Self.knock(at: bare) })])
    let extra = (reading.seconds - (reading.others.first?.seconds ?? 0)) / Double(Self.connections)
    Table.add(
      "Edge:FrontDoor", reading, count: Self.connections, unit: "connection",
      note: ", \(Table.number(extra * 1e6)) us of it the door's")
    await bench.door.closeAll()
    try await bench.bare.close()
    try await bench.group.shutdownGracefully()
  }

  /// Connects, sends the first byte of RTMP, waits for a byte and closes, again and again.
  private static func knock(at port: Int) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    for _ in 0..<self.connections {
      let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(socket) }
      let isConnected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      var byte: UInt8 = 3
      guard isConnected, send(socket, &byte, 1, 0) == 1, recv(socket, &byte, 1, 0) == 1 else {
        throw Failure.noConnection
      }
    }
  }

  /// Sends back what comes.
  private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(data, promise: nil)
    }
  }

  private struct Nobody: ConnectionObserver {
    func connectionAccepted(_ connection: ConnectionInfo) {}
    func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}
    func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {}
    func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {}
    func acceptFailed(on listener: ListenerID, errnoCode: Int32) {}
  }
}
