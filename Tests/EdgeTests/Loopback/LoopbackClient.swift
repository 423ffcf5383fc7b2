import NIOCore
import NIOPosix
import NIOSSL

/// A client on a real socket.
struct LoopbackClient {
  typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  static let group = MultiThreadedEventLoopGroup.singleton

  /// Connects; with a TLS context, through TLS.
  static func connect(
    to address: SocketAddress, tls: NIOSSLContext? = nil, oneByteAtATime: Bool = false
  ) async throws -> Connection {
    try await ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          if oneByteAtATime { try channel.pipeline.syncOperations.addHandler(ByteByByte()) }
          if let tls {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
          }
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// Sends `text` and reads until the server closes, or until `enough` has come.
  static func exchange(
    _ text: String, with address: SocketAddress, tls: NIOSSLContext? = nil, oneByteAtATime: Bool = false,
    enough: String? = nil
  ) async throws -> String {
    do {
      let connection = try await connect(to: address, tls: tls, oneByteAtATime: oneByteAtATime)
      return try await connection.executeThenClose { inbound, outbound in
        if !text.isEmpty { try await outbound.write(ByteBuffer(string: text)) }
        return try await read(inbound, enough: enough)
      }
    } catch ChannelError.ioOnClosedChannel {
      // The server was quicker.
      return ""
    }
  }

  /// Reads until the server closes (a reset counts as that), or until `enough` has come.
  static func read(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, enough: String? = nil) async throws -> String {
    var received = ""
    do {
      for try await bytes in inbound {
        received += String(buffer: bytes)
        if let enough, received.contains(enough) { break }
      }
    } catch is IOError {
      return received
    } catch NIOSSLError.uncleanShutdown {
      return received
    }
    return received
  }

  /// A client's context that believes any certificate.
  static func context(
    minimum: TLSVersion = .tlsv12, maximum: TLSVersion = .tlsv13
  ) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.minimumTLSVersion = minimum
    configuration.maximumTLSVersion = maximum
    return try NIOSSLContext(configuration: configuration)
  }

  /// A client's context that believes one certificate only.
  static func context(trusting certificate: NIOSSLCertificate) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates([certificate])
    return try NIOSSLContext(configuration: configuration)
  }

  /// Gives each byte a segment of its own.
  private final class ByteByByte: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      for byte in unwrapOutboundIn(data).readableBytesView {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [byte])), promise: nil)
      }
      promise?.succeed()
    }
  }
}

extension LoopbackClient {
  /// Connects a client that does not close when the server has closed its direction.
  static func connectHalfClosable(to address: SocketAddress) async throws -> any Channel {
    try await ClientBootstrap(group: group)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(to: address).get()
  }
}
