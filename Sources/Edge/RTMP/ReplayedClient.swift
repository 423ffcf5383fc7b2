import NIOCore
import Rooms

/// An RTMP client whose bytes come from a recording rather than from a socket: the same ``RTMPConnection`` as any other.
///
/// Confined to its event loop, which gives the time, too.
public final class ReplayedClient {
  private let connection: RTMPConnection
  private let transport: Transport

  /// Opens a connection; `connect` and what follows come by ``receive(_:)``.
  /// - Parameters:
  ///   - services: the rooms, and who may come in.
  ///   - door: the protocol by which it came.
  ///   - address: the client's address without its port.
  ///   - said: takes what the gateway says.
  ///   - ended: told once why the gateway closes the connection.
  public init(
    _ services: RTMPServices, door: DoorProtocol, listener: ListenerID, address: String, on loop: any EventLoop,
    said: @escaping (ByteBuffer) -> Void, ended: @escaping (ConnectionReason) -> Void
  ) {
    let identity = services.sessions.identify(door: door.rawValue, listener: listener, address: address)
    transport = Transport(loop, said: said, ended: ended)
    connection = RTMPConnection(
      services: services.counting(door), identity: identity, allowsEncryption: door == .rtmpe, now: loop.now)
    let bound = NIOLoopBound(connection, eventLoop: loop)
    // As a socket tells its end: not in the middle of what the connection is doing.
    transport.whenClosed = { loop.execute { bound.value.stop() } }
    connection.start(on: transport)
  }

  /// Whether the gateway has closed the connection.
  public var isEnded: Bool { transport.isEnded }

  /// Bytes of the client, cut anywhere.
  public func receive(_ bytes: ByteBuffer) {
    guard !isEnded else { return }
    connection.receive(bytes)
  }

  /// The client has closed the connection, or broken it off.
  public func close() { connection.stop() }

  private final class Transport: RTMPTransport {
    let eventLoop: any EventLoop
    private let said: (ByteBuffer) -> Void
    private let ended: (ConnectionReason) -> Void
    var whenClosed: (() -> Void)?
    private var reason: ConnectionReason?
    private(set) var isEnded = false

    init(
      _ loop: any EventLoop, said: @escaping (ByteBuffer) -> Void, ended: @escaping (ConnectionReason) -> Void
    ) {
      self.eventLoop = loop
      self.said = said
      self.ended = ended
    }

    func established() {}

    func note(_ reason: ConnectionReason) {
      if self.reason == nil { self.reason = reason }
    }

    func write(_ bytes: ByteBuffer) { said(bytes) }

    func flush() {}

    func finish() { close(.finished) }

    func close(_ reason: ConnectionReason) {
      guard !isEnded else { return }
      isEnded = true
      note(reason)
      ended(self.reason ?? reason)
      whenClosed?()
    }
  }
}
