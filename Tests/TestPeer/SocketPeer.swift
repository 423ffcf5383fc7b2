#if DEBUG
  import NIOCore
  import NIOPosix

  @testable import WebRTC

  /// The tests' WebRTC peer on a real UDP socket; lives in one test.
  final class SocketPeer {
    typealias Envelope = AddressedEnvelope<ByteBuffer>

    let peer: TestPeer
    let gateway: SocketAddress
    private let outbound: NIOAsyncChannelOutboundWriter<Envelope>
    private var inbound: NIOAsyncChannelInboundStream<Envelope>.AsyncIterator

    private init(
      _ peer: TestPeer, gateway: SocketAddress, _ inbound: NIOAsyncChannelInboundStream<Envelope>,
      _ outbound: NIOAsyncChannelOutboundWriter<Envelope>
    ) {
      self.peer = peer
      self.gateway = gateway
      self.inbound = inbound.makeAsyncIterator()
      self.outbound = outbound
    }

    static func run(
      fingerprint: Fingerprint, port: Int, _ body: (SocketPeer) async throws -> Void
    ) async throws {
      let gateway = try SocketAddress(ipAddress: "127.0.0.1", port: port)
      let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
        .bind(host: "127.0.0.1", port: 0) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<Envelope, Envelope>(wrappingChannelSynchronously: channel)
          }
        }
      let peer = try TestPeer(gateway: fingerprint, at: .now())
      try await channel.executeThenClose { inbound, outbound in
        try await body(SocketPeer(peer, gateway: gateway, inbound, outbound))
      }
    }

    func send(_ datagram: ByteBuffer) async throws {
      try await outbound.write(Envelope(remoteAddress: gateway, data: datagram))
    }

    /// Takes what comes until the condition is met.
    func until(_ isMet: (TestPeer) -> Bool) async throws {
      while !isMet(peer) {
        for datagram in peer.takeOutgoing() { try await send(datagram) }
        guard let envelope = try await inbound.next() else { return }
        try peer.receive(envelope.data, at: .now())
      }
      for datagram in peer.takeOutgoing() { try await send(datagram) }
    }

    /// Checks, and sets DTLS up.
    func connect(ufrag: String, password: String) async throws {
      let answers = peer.checkAnswers.count
      try await send(peer.check(ufrag: ufrag, password: password))
      try await until { $0.checkAnswers.count > answers }
      peer.startDTLS(at: .now())
      try await until { $0.profile != nil }
    }
  }
#endif
