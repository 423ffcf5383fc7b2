import NIOCore
import NIOPosix
import NIOSSL

extension ShadowServer {
  private static let connectTimeout = TimeAmount.seconds(5)

  /// Opens a connection to it, inside TLS if that is asked for. Call on `loop`, on which `handler` lives then.
  func connect(
    on loop: any EventLoop, tls: NIOSSLContext?, telling handler: OldServerHandler
  ) -> EventLoopFuture<any Channel> {
    let bound = NIOLoopBound(handler, eventLoop: loop)
    let context = usesTLS ? tls : nil
    // A server that is named by its address is not asked for by name (RFC 6066, section 3).
    let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    return ClientBootstrap(group: loop)
      .connectTimeout(Self.connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
          }
          try channel.pipeline.syncOperations.addHandler(bound.value)
        }
      }
      .connect(host: host, port: port)
  }
}
