import FLV
import Logging
import Media
import Metrics
import NIOCore
import NIOPosix
import RTP
import Synchronization
import Testing
@testable import WebRTC

@testable import Edge
@testable import Rooms
@testable import TestPeer

@Suite(.timeLimit(.minutes(4))) struct MediaPlaneTests {
  @Test func aPeerConnectsAndGetsEveryPictureInOrder() async throws {
    try await PlaneStage.with { stage in
      let publisher = try await stage.publisher()
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (handle, events) = try stage.open(socket.peer)
        try await socket.connect(ufrag: stage.plan.local.ufrag, password: stage.plan.local.password)
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "connected")
        try await stage.hasSubscriber()
        try await publisher.send(0..<50)
        var depacketizer = H264Depacketizer()
        var pictures: [DepacketizedFrame] = []
        try await socket.until { peer in
          for packet in peer.packets where packet.header.payloadType == 102 {
            if let picture = try? depacketizer.receive(packet) { pictures.append(picture) }
          }
          peer.packets = []
          return pictures.count >= 49
        }
        #expect(pictures.first?.isKeyFrame == true)
        #expect(pictures.allSatisfy { $0.packetsLostBefore == 0 })
        let first = try #require(pictures.first).timestamp
        #expect(pictures.map { ($0.timestamp &- first) / 90 } == pictures.indices.map { UInt32($0 * 40) })
        handle.close()
        try await socket.until(\.isClosed)
        #expect(await told.next() == "closed")
        #expect(socket.peer.reports.contains { if case .goodbye = $0 { true } else { false } })
      }
      #expect(stage.videoOut.value >= 50)
    }
  }

  @Test func whoConnectsInMidGroupGetsItAtOnce() async throws {
    try await PlaneStage.with { stage in
      let publisher = try await stage.publisher()
      try await publisher.send(0..<20)
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        _ = try stage.open(socket.peer)
        try await socket.connect(ufrag: stage.plan.local.ufrag, password: stage.plan.local.password)
        var depacketizer = H264Depacketizer()
        var pictures: [DepacketizedFrame] = []
        try await socket.until { peer in
          for packet in peer.packets where packet.header.payloadType == 102 {
            if let picture = try? depacketizer.receive(packet) { pictures.append(picture) }
          }
          peer.packets = []
          return pictures.count >= 19
        }
        #expect(pictures.first?.isKeyFrame == true)
      }
    }
  }

  /// The kernel chooses the loop by the address pair: with enough addresses, some checks of one peer land elsewhere.
  @Test func checksThatLandOnAnotherLoopReachThePeerAndComeBack() async throws {
    try await PlaneStage.with { stage in
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { first in
        let (_, events) = try stage.open(first.peer)
        try await first.connect(ufrag: stage.plan.local.ufrag, password: stage.plan.local.password)
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "connected")
        for _ in 0..<16 {
          try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { other in
            try await other.send(first.peer.check(plan: stage.plan))
            try await other.until { !$0.checkAnswers.isEmpty }
            #expect(other.peer.checkAnswers.first?.messageClass == .success)
          }
        }
      }
    }
  }

  /// Two peers by turns from one socket: each loop may take the other for the home of the address.
  @Test func anAddressThatServesOnePeerAfterAnotherFindsBoth() async throws {
    try await PlaneStage.with { stage in
      var plans: [SessionPlan] = []
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        for _ in 0..<8 {
          _ = try stage.open(socket.peer)
          plans.append(stage.plan)
        }
        // Each is settled from an address of its own, by whichever loop.
        for plan in plans {
          try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { other in
            try await other.send(socket.peer.check(plan: plan))
            try await other.until { !$0.checkAnswers.isEmpty }
          }
        }
        var answered = 0
        for _ in 0..<3 {
          for plan in plans {
            try await socket.send(socket.peer.check(plan: plan))
            // Refusals of the round before come in between.
            answered += 1
            try await socket.until { peer in
              peer.checkAnswers.count { $0.messageClass == .success } >= answered
            }
          }
          // A check that its peer refuses goes nowhere either.
          for plan in plans {
            try await socket.send(socket.peer.check(plan: plan, password: "wrong wrong wrong wrong"))
          }
        }
      }
      await stage.loopsAreIdle()
    }
  }

  @Test func aPeerThatRestartsICEGoesOnUnderItsNewFragment() async throws {
    try await PlaneStage.with { stage in
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (handle, _) = try stage.open(socket.peer)
        let old = stage.plan
        try await socket.connect(ufrag: old.local.ufrag, password: old.local.password)
        let restarted = try TestPeer(gateway: stage.certificate.fingerprint, at: .now())
        // The same certificate and tracks, new credentials.
        var offer = socket.peer.offer()
        for index in offer.sections.indices {
          offer.sections[index].attributes.removeAll {
            switch $0 {
            case .iceUfrag, .icePassword: true
            default: false
            }
          }
          offer.sections[index].attributes += [
            .iceUfrag("restarted"), .icePassword(restarted.credentials.password + "0123456789"),
          ]
        }
        let plan = try stage.renegotiate(offer)
        #expect(plan.local.ufrag != old.local.ufrag)
        handle.update(stage.peerPlan)
        // The answer takes its time to the browser; here the check would be there before the plan.
        await stage.loopsAreIdle()
        let message = STUNMessage(
          .request, transactionID: STUNTransactionID(using: &stage.random),
          attributes: [.username("\(plan.local.ufrag):restarted"), .iceControlling(tieBreaker: 1), .priority(9)])
        let before = socket.peer.checkAnswers.count
        try await socket.send(message.encoded(integrityKey: plan.local.password))
        try await socket.until { $0.checkAnswers.count > before }
        #expect(socket.peer.checkAnswers.last?.messageClass == .success)
      }
    }
  }

  @Test func aPeerClosedBeforeItWasHeardOfIsForgotten() async throws {
    try await PlaneStage.with { stage in
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (handle, events) = try stage.open(socket.peer)
        handle.close()
        handle.close()
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "closed_before_first_check")
        // Its fragment is nobody's now; that of another is answered, so the first check had its chance.
        let gone = stage.plan
        _ = try stage.open(socket.peer)
        try await socket.send(socket.peer.check(plan: gone))
        try await socket.send(socket.peer.check(plan: stage.plan))
        try await socket.until { !$0.checkAnswers.isEmpty }
        #expect(socket.peer.checkAnswers.count == 1)
      }
    }
  }

  @Test func aPeerWhoseBrowserClosesIsGoneAtOnce() async throws {
    try await PlaneStage.with { stage in
      let publisher = try await stage.publisher()
      try await publisher.send(0..<1)
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (_, events) = try stage.open(socket.peer)
        try await socket.connect(ufrag: stage.plan.local.ufrag, password: stage.plan.local.password)
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "connected")
        try await stage.hasSubscriber()
        socket.peer.closeDTLS()
        for datagram in socket.peer.takeOutgoing() { try await socket.send(datagram) }
        #expect(await told.next() == "peer_closed")
      }
      #expect(stage.picture?.plan.untouched.isEmpty == true, "its tracks are let go")
    }
  }

  @Test func aPortThatAnotherProgramHasIsRefused() async throws {
    try await PlaneStage.with { stage in
      await #expect(throws: IOError.self) {
        _ = try await MediaPlane.bind(
          port: stage.plane.port, group: PlaneStage.group, certificate: stage.certificate, clock: stage.clock,
          metrics: stage.metrics, log: stage.log)
      }
    }
  }
}
