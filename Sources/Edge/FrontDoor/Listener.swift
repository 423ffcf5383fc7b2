import NIOCore
import NIOPosix
import Synchronization

/// Why a listener could not be opened.
public struct ListenerError: Error, CustomStringConvertible {
  /// The listener.
  public let listener: ListenerID
  /// The address asked for.
  public let address: SocketAddress
  /// The error number of the system call, when it was one.
  public let errnoCode: Int32?
  /// What the system said.
  public let cause: String

  /// One line for the operator.
  public var description: String { "cannot listen on \(listener): \(cause)" }
}

/// A listening socket and the connections that came in by it.
///
/// Each connection is first put to ``Admission``, then told apart by its first bytes. That the process is out of file
/// descriptors or memory pauses accepting; it does not end the listener.
public final class Listener: Sendable {
  /// What was asked for.
  public let configuration: ListenerConfiguration
  /// Where it really listens.
  public let localAddress: SocketAddress

  private let serverChannel: any Channel
  private let connections: ConnectionTable

  private init(
    configuration: ListenerConfiguration, localAddress: SocketAddress, serverChannel: any Channel,
    connections: ConnectionTable
  ) {
    self.configuration = configuration
    self.localAddress = localAddress
    self.serverChannel = serverChannel
    self.connections = connections
  }

  /// Opens the socket and starts to accept; connections are spread over the loops of `group`.
  public static func bind(
    _ configuration: ListenerConfiguration, services: DoorServices, group: any EventLoopGroup
  ) async throws(ListenerError) -> Listener {
    let connections = ConnectionTable()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AcceptPauseHandler(listener: configuration.id, observer: services.observer))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A connection keeps the memory of its largest read for the next one. A key frame takes two or three reads for it.
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 16_384)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try welcome(channel, configuration: configuration, services: services, connections: connections)
        }
      }
    do {
      let channel = try await bootstrap.bind(to: configuration.address).get()
      return Listener(
        configuration: configuration, localAddress: channel.localAddress ?? configuration.address,
        serverChannel: channel, connections: connections)
    } catch {
      let ioError = error as? IOError
      throw ListenerError(
        listener: configuration.id, address: configuration.address, errnoCode: ioError?.errnoCode, cause: "\(error)")
    }
  }

  /// Connections open now.
  public var connectionCount: Int { connections.count }

  /// Closes the listening socket; open connections go on.
  public func stopAccepting() async {
    _ = connections.close()
    // Already closed is closed.
    _ = try? await serverChannel.close().get()
  }

  /// Stops accepting and asks every connection to end when it decently can (``DrainEvent``): what is idle closes now,
  /// a request being answered is the last of its connection. Web sockets and RTMP are left to their owners.
  public func drain() async {
    await stopAccepting()
    for entry in connections.close() {
      entry.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
    }
  }

  /// Stops accepting, closes every connection for `reason` and returns when all are closed.
  public func closeAll(_ reason: ConnectionReason = .draining) async {
    await stopAccepting()
    let entries = connections.close()
    for entry in entries {
      entry.channel.eventLoop.execute { entry.connection.value.close(reason) }
    }
    for entry in entries {
      _ = try? await entry.channel.closeFuture.get()
    }
  }

  private struct Refused: Error {}

  /// Puts an accepted connection to admission and gives it its first handler. Throwing closes the socket.
  private static func welcome(
    _ channel: any Channel, configuration: ListenerConfiguration, services: DoorServices, connections: ConnectionTable
  ) throws {
    // Without an address the client has already gone.
    guard let remote = channel.remoteAddress?.unmapped else { throw Refused() }
    let info = ConnectionInfo(
      id: nextID.add(1, ordering: .relaxed).newValue, listener: configuration.id, peerAddress: remote,
      localAddress: channel.localAddress, acceptedAt: channel.eventLoop.now)
    let visitor = configuration.visitor(from: remote)
    let decision: AdmissionDecision =
      connections.isAccepting ? services.admission.admit(visitor, listener: configuration.id) : .refused(.draining)
    if case .refused(let reason) = decision {
      services.observer.connectionRefused(info, recognised: nil, reason: reason)
      throw Refused()
    }
    let connection = DoorConnection(
      info: info, visitor: visitor, channel: channel, services: services, configuration: configuration)
    guard connections.add(connection, channel: channel) else {
      connection.note(.draining)
      throw Refused()
    }
    try channel.pipeline.syncOperations.addHandler(FirstBytesHandler(services: services, connection: connection))
  }

  private static let nextID = Atomic<UInt64>(0)
}
