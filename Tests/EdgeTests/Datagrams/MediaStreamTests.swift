import NIOCore
import RTP
import Testing
@testable import WebRTC

@testable import Edge
@testable import Rooms
@testable import TestPeer

@Suite(.timeLimit(.minutes(2))) struct MediaStreamTests {
  /// A listener for media over TCP beside the stage's UDP port.
  private func withListener(
    _ stage: PlaneStage, observer: RecordingObserver = RecordingObserver(), _ body: (SocketAddress) async throws -> Void
  ) async throws {
    let plane = stage.plane
    let listener = try await Listener.bind(
      ListenerConfiguration(
        id: ListenerID(rawValue: "test"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.ice],
        handshakeTimeout: .minutes(2)),
      services: DoorServices(
        ice: { channel, door in try plane.adopt(channel, door) }, admission: SessionLimits(), observer: observer),
      group: PlaneStage.group)
    let result: Result<Void, any Error>
    do { result = .success(try await body(listener.localAddress)) } catch { result = .failure(error) }
    await listener.closeAll()
    try result.get()
  }

  private struct Screen {
    var depacketizer = H264Depacketizer()
    var pictures: [DepacketizedFrame] = []

    mutating func take(_ peer: TestPeer) {
      for packet in peer.packets where packet.header.payloadType == 102 {
        if let picture = try? depacketizer.receive(packet) { pictures.append(picture) }
      }
      peer.packets = []
    }
  }

  @Test func aPeerOverTCPGetsEveryPictureInOrderAndItsConnectionEndsWithIt() async throws {
    try await PlaneStage.with { stage in
      let publisher = try await stage.publisher()
      try await withListener(stage) { address in
        try await StreamPeer.run(fingerprint: stage.certificate.fingerprint, to: address) { socket in
          let (handle, events) = try stage.open(socket.peer)
          try await socket.connect(stage.plan)
          var told = events.makeAsyncIterator()
          #expect(await told.next() == "connected")
          try await stage.hasSubscriber()
          try await publisher.send(0..<50)
          var screen = Screen()
          try await socket.until { peer in
            screen.take(peer)
            return screen.pictures.count >= 49
          }
          #expect(screen.pictures.first?.isKeyFrame == true)
          #expect(screen.pictures.allSatisfy { $0.packetsLostBefore == 0 })
          let mapped = socket.peer.checkAnswers.last?.attributes.contains {
            if case .xorMappedAddress(let address) = $0 { address.ipAddress == "127.0.0.1" } else { false }
          }
          #expect(mapped == true)
          handle.close()
          try await socket.until { _ in false }
          #expect(socket.isEnded)
          #expect(socket.peer.isClosed)
        }
      }
    }
  }

  @Test func aConnectionThatIsOfNoPeerIsClosed() async throws {
    try await PlaneStage.with { stage in
      let observer = RecordingObserver()
      try await withListener(stage, observer: observer) { address in
        try await StreamPeer.run(fingerprint: stage.certificate.fingerprint, to: address) { socket in
          try await socket.send(socket.peer.check(ufrag: "nobody", password: "0123456789012345678901"))
          try await socket.until { _ in false }
          #expect(socket.isEnded)
        }
      }
      #expect(stage.plane.streams.isEmpty)
    }
  }

  @Test func onePeerThatStopsReadingIsNoticedByNobodyElse() async throws {
    try await PlaneStage.with { stage in
      let publisher = try await stage.publisher()
      try await withListener(stage) { address in
        try await StreamPeer.run(fingerprint: stage.certificate.fingerprint, to: address) { lazy in
          _ = try stage.open(lazy.peer)
          try await lazy.connect(stage.plan)
          var rounds = 0
          try await withPeers(20, stage, address, beside: [lazy]) { peers in
            for _ in 0..<200 where stage.picture?.subscriberCount != 21 { await stage.loopsAreIdle() }
            #expect(stage.picture?.subscriberCount == 21)
            var screens = peers.map { _ in Screen() }
            // More than the lazy one's buffers and queue take.
            while stage.metrics.heldBack.value == 0, rounds < 200 {
              // However long a round takes: whoever sends no check for 30 s is taken for gone.
              for peer in [lazy] + peers { try await peer.checkAgain() }
              try await publisher.send(0..<50)
              rounds += 1
              for (index, peer) in peers.enumerated() {
                try await peer.until { peer in
                  screens[index].take(peer)
                  return screens[index].pictures.count >= 50 * rounds - 1
                }
              }
            }
            #expect(stage.metrics.heldBack.value > 0)
            #expect(screens.allSatisfy { $0.pictures.allSatisfy { $0.packetsLostBefore == 0 } })
            #expect(peers.allSatisfy { !$0.isEnded })
          }
          // It reads on: what waited, all but the picture whose end shows with the next, and then from a key frame on.
          let waiting = 50 * rounds - Int(stage.metrics.heldBack.value) - 2
          var screen = Screen()
          try await lazy.until { peer in
            screen.take(peer)
            return screen.pictures.count >= waiting
          }
          let before = screen.pictures.count
          try await publisher.send(0..<50)
          try await lazy.until { peer in
            screen.take(peer)
            return screen.pictures.count >= before + 20
          }
          #expect(screen.pictures[before...].prefix(3).contains { $0.isKeyFrame })
          #expect(screen.pictures.allSatisfy { $0.packetsLostBefore == 0 })
        }
      }
    }
  }

  /// Runs the body with so many more connected peers. Those that were there before do not fall silent meanwhile.
  private func withPeers(
    _ count: Int, _ stage: PlaneStage, _ address: SocketAddress, beside others: [StreamPeer],
    peers: [StreamPeer] = [], _ body: ([StreamPeer]) async throws -> Void
  ) async throws {
    guard count > 0 else { return try await body(peers) }
    try await StreamPeer.run(fingerprint: stage.certificate.fingerprint, to: address) { socket in
      _ = try stage.open(socket.peer)
      try await socket.connect(stage.plan)
      for peer in others + peers { try await peer.checkAgain() }
      try await withPeers(count - 1, stage, address, beside: others, peers: peers + [socket], body)
    }
  }
}
