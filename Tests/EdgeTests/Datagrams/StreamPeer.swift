import NIOCore
import NIOPosix
@testable import WebRTC

@testable import Edge
@testable import TestPeer

/// The tests' WebRTC peer on a TCP connection; lives in one test. It reads only when it is asked to.
final class StreamPeer {
  let peer: TestPeer
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var reader = StreamFrameReader()
  private var plan: SessionPlan?
  /// Whether the gateway has closed the connection.
  private(set) var isEnded = false

  private init(
    _ peer: TestPeer, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.peer = peer
    self.inbound = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  static func run(
    fingerprint: Fingerprint, to address: SocketAddress, _ body: (StreamPeer) async throws -> Void
  ) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A small one, so that a peer that does not read is soon felt.
      .channelOption(.socketOption(.so_rcvbuf), value: 16 << 10)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    let peer = try TestPeer(gateway: fingerprint, at: .now())
    try await channel.executeThenClose { inbound, outbound in
      try await body(StreamPeer(peer, inbound, outbound))
    }
  }

  func send(_ datagram: ByteBuffer) async throws {
    var frame = ByteBuffer()
    frame.writeInteger(UInt16(datagram.readableBytes))
    frame.writeImmutableBuffer(datagram)
    try await outbound.write(frame)
  }

  /// Takes what comes until the condition is met or the gateway closes.
  func until(_ isMet: (TestPeer) -> Bool) async throws {
    while !isMet(peer) {
      for datagram in peer.takeOutgoing() { try await send(datagram) }
      guard let bytes = try await inbound.next() else {
        isEnded = true
        return
      }
      reader.receive(bytes)
      while let datagram = try reader.next() { try peer.receive(datagram, at: .now()) }
    }
    for datagram in peer.takeOutgoing() { try await send(datagram) }
  }

  /// Checks, and sets DTLS up.
  func connect(_ plan: SessionPlan) async throws {
    self.plan = plan
    let answers = peer.checkAnswers.count
    try await send(peer.check(plan: plan))
    try await until { $0.checkAnswers.count > answers }
    peer.startDTLS(at: .now())
    try await until { $0.profile != nil }
  }

  /// Checks once more, in the session it is connected to: whoever is silent for 30 s is taken for gone.
  func checkAgain() async throws {
    if let plan { try await send(peer.check(plan: plan)) }
  }
}
