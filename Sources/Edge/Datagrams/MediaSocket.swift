import Glibc
import NIOCore
import NIOPosix

/// A UDP socket on an event loop, not yet read.
struct MediaSocket: Sendable {
  let channel: any Channel
  let localAddress: SocketAddress
  let descriptor: CInt

  /// Opens a socket for all addresses of the machine.
  /// - Parameter sharesPort: another socket of ours is on this port already.
  static func bind(port: Int, on loop: any EventLoop, sharesPort: Bool) async throws -> MediaSocket {
    if !sharesPort, port != 0 { try await checkThatFree(port, on: loop) }
    do {
      return try await bind(SocketAddress(ipAddress: "::", port: port), on: loop)
    } catch let error as IOError where error.errnoCode != EADDRINUSE {
      // A machine without IPv6.
      return try await bind(SocketAddress(ipAddress: "0.0.0.0", port: port), on: loop)
    }
  }

  /// Sockets that share a port share it with any other program that asks for it: two gateways on one port would each
  /// get half of the packets. A socket that does not share is refused in that case.
  private static func checkThatFree(_ port: Int, on loop: any EventLoop) async throws {
    let probe: any Channel
    do {
      probe = try await DatagramBootstrap(group: loop).bind(host: "::", port: port).get()
    } catch let error as IOError where error.errnoCode != EADDRINUSE {
      probe = try await DatagramBootstrap(group: loop).bind(host: "0.0.0.0", port: port).get()
    }
    try await probe.close().get()
  }

  private static func bind(_ address: SocketAddress, on loop: any EventLoop) async throws -> MediaSocket {
    let channel = try await DatagramBootstrap(group: loop)
      .channelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
      // A full room answers within one moment; the kernel gives what its own bound allows.
      .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
      .channelOption(.socketOption(.so_sndbuf), value: 4 << 20)
      .channelOption(.datagramVectorReadMessageCount, value: 32)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048 * 32))
      .channelOption(.autoRead, value: false)
      .bind(to: address).get()
    return try await loop.submit {
      guard let local = channel.localAddress,
        let descriptor = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
          of: NIOBSDSocket.Handle.self, { $0 })
      else { throw ChannelError.operationUnsupported }
      return MediaSocket(channel: channel, localAddress: local, descriptor: descriptor)
    }.get()
  }

  func close() async { try? await channel.close().get() }
}
