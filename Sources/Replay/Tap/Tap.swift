import NIOCore
import NIOConcurrencyHelpers
import NIOPosix

/// Stands between clients and a server, passes on what both say, unchanged and at once, and writes it into a
/// ``RecordingFile``.
///
/// Both connections of a client live on one event loop, so that a byte makes no detour. A side that is slow slows the
/// other down, as it would without the tap; a side that has said all, or breaks off, is heard by the other as such.
public final class Tap: Sendable {
  /// What its owner should tell somebody.
  public enum Event: Sendable, Equatable {
    /// A client was turned away, as the server would have.
    case unreachable(client: String, String)
    /// Bytes of a client's connection are not recorded.
    case unrecorded(client: String, ConnectionRecording.Loss)
  }

  /// What passed.
  public struct Totals: Sendable, Equatable {
    /// Clients that came.
    public var connections = 0
    /// Those for which there was no server.
    public var refused = 0
    /// Bytes that the clients sent.
    public var clientBytes = 0
    /// Bytes that the server sent.
    public var serverBytes = 0
    /// Bytes that are not recorded, for they could not be made anonymous.
    public var unrecordedBytes = 0
  }

  /// What the connections of a tap share.
  struct Shared: Sendable {
    let file: RecordingFile
    let anonymization: Anonymization?
    let report: @Sendable (Event) -> Void
    let totals = NIOLockedValueBox(Totals())
    /// Of the connections that are open.
    let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
  }

  /// Where clients find it.
  public let address: CapturedEndpoint
  private let listener: any Channel
  private let shared: Shared

  private init(listener: any Channel, shared: Shared) {
    self.listener = listener
    self.shared = shared
    address = listener.localAddress?.endpoint ?? CapturedEndpoint(address: "?", port: 0)
  }

  /// Starts to listen.
  /// - Parameters:
  ///   - listen: where clients come to.
  ///   - forward: the server; it need not be there yet.
  ///   - file: what is written.
  ///   - anonymization: what is left out of it.
  ///   - group: whose loops carry the connections.
  ///   - report: hears of what does not go well, on any thread.
  public static func start(
    listen: TapAddress, forward: TapAddress, file: RecordingFile, anonymization: Anonymization? = nil,
    on group: any EventLoopGroup, report: @escaping @Sendable (Event) -> Void
  ) async throws -> Tap {
    let shared = Shared(file: file, anonymization: anonymization, report: report)
    let listener = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: 512)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let connection = TapConnection(client: channel, forward: forward, shared: shared)
          try channel.pipeline.syncOperations.addHandler(connection.clientEnd)
        }
      }
      .bind(host: listen.host, port: listen.port).get()
    return Tap(listener: listener, shared: shared)
  }

  /// Stops to listen and closes every connection.
  public func stop() async -> Totals {
    try? await listener.close().get()
    for channel in shared.channels.withLockedValue({ Array($0.values) }) {
      try? await channel.close().get()
    }
    return shared.totals.withLockedValue { $0 }
  }
}

extension SocketAddress {
  /// An IPv4 address that came over an IPv6 socket is one of IPv4.
  var endpoint: CapturedEndpoint? {
    guard let address = ipAddress, let port, let number = UInt16(exactly: port) else { return nil }
    let mapped = "::ffff:"
    let isMapped = address.hasPrefix(mapped) && address.contains(".")
    return CapturedEndpoint(address: isMapped ? String(address.dropFirst(mapped.count)) : address, port: number)
  }
}
