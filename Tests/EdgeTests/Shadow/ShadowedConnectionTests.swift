import FLV
import NIOCore
import RTMP
import Rooms
import Testing

@testable import Edge
@testable import TestPublisher

extension RTMPDoor {
  /// This door as somebody's old server.
  fileprivate func asOldServer(app: String? = nil) -> ShadowServer {
    ShadowServer(host: "127.0.0.1", port: address.port ?? 0, app: app)
  }
}

/// Allows all that is not one step.
private struct GateAgainst: RoomGate {
  let step: EntryRequest.Step

  func admit(_ request: EntryRequest) async -> EntryDecision {
    request.step == step ? .denied(Denial(.notAllowed)) : .allowed(Admittance())
  }

  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] { [] }
}

@Suite(.timeLimit(.minutes(4))) struct ShadowedConnectionTests {
  /// A gateway before an old server, which is one of ours.
  private func withShadow(
    maximumParticipants: Int? = nil, gate: any RoomGate = OpenGate(), app: String? = nil, needsKey: Bool = false,
    oldMaximum: Int? = nil, _ body: (_ old: RTMPDoor, _ front: RTMPDoor) async throws -> Void
  ) async throws {
    try await RTMPDoor.with(maximumParticipants: oldMaximum) { old in
      try await RTMPDoor.with(
        maximumParticipants: maximumParticipants, gate: gate, shadows: ["demo": old.asOldServer(app: app)],
        needsKey: needsKey
      ) { front in
        try await body(old, front)
      }
    }
  }

  @Test func theOldServerServesTheClientAndTheRoomSeesItToo() async throws {
    try await withShadow { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.flv1().prefix(20))
        for door in [old, front] {
          let seen = try await door.participants { $0.first?.tracks.count == 2 }
          #expect(seen.map(\.name.description) == ["alice"])
          #expect(Set(seen[0].tracks.map(\.codec)) == ["flv1", "nellymoser"])
        }
        #expect(front.shadow.sessions.value == 1)
        #expect(front.sessions.all.map(\.state) == [.connected])
        try client.session.unpublish("alice", streamID: 1)
        try await client.flush()
        for door in [old, front] {
          _ = try await door.participants { $0.first?.tracks.allSatisfy { $0.state == .paused } == true }
        }
      }
      #expect(await front.closing() == .clientClosed)
      #expect(await old.closing() == .clientClosed)
      #expect(front.shadow.sessions.value == 0)
      #expect(front.shadow.differences.isEmpty)
      let traits = try #require(front.departed.all.first?.traits)
      #expect(traits.isShadowed)
      #expect(traits.audio == ["nellymoser"])
      #expect(traits.video == ["flv1"])
    }
  }

  @Test func theOldServerHearsItsOwnApplication() async throws {
    // The old server knows the room by another path than the clients.
    try await withShadow(app: "show/demo") { old, front in
      try await RTMPTestClient.run(to: front.address, app: "live/demo") { client in
        #expect(try await client.publish("alice") == .publishStart)
        let seen = try await old.participants { !$0.isEmpty }
        #expect(seen.map(\.name.description) == ["alice"])
      }
    }
  }

  @Test func aStreamThatNamesTheRoomIsBroughtThere() async throws {
    try await withShadow(app: "live") { _, front in
      try await RTMPTestClient.run(to: front.address, app: "live") { client in
        #expect(try await client.publish("demo/alice") == .publishStart)
        let seen = try await front.participants { !$0.isEmpty }
        #expect(seen.map(\.name.description) == ["alice"])
      }
    }
  }

  @Test func aFullRoomCostsTheOldSessionNothingAndIsNoted() async throws {
    try await withShadow(maximumParticipants: 1) { old, front in
      let listening = try await front.engine.listen(room: "demo")
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.flv1().prefix(20))
        _ = try await old.participants { $0.first?.tracks.count == 2 }
      }
      _ = await front.closing()
      await front.engine.stopListening(listening)
      #expect(front.shadow.publications("room_full").value == 1)
      #expect(
        front.shadow.differences == [
          ForwardedDifference(.publish, old: "NetStream.Publish.Start", new: "NetStream.Publish.BadName")
        ])
    }
  }

  @Test func whatTheOldServerRefusesDoesNotStayInTheRoom() async throws {
    try await withShadow(oldMaximum: 0) { _, front in
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishBadName)
        try await client.readToEnd()
      }
      #expect(await front.closing() == .serverClosed)
      #expect(try await front.participants(until: \.isEmpty).isEmpty)
    }
  }

  @Test func aServerThatCannotBeReachedIsAnsweredAsAPlayerWouldSayIt() async throws {
    let nobody = ShadowServer(host: "127.0.0.1", port: 1)
    try await RTMPDoor.with(shadows: ["demo": nobody]) { front in
      try await RTMPTestClient.run(to: front.address) { client in
        let event = try await client.until { if case .connectRefused = $0 { true } else { false } }
        guard case .connectRefused(let status)? = event else { return #expect(Bool(false), "no answer") }
        #expect(status.code == .connectFailed)
        try await client.readToEnd()
      }
      #expect(await front.closing() == .serverUnreachable)
      #expect(front.shadow.outcomes("unreachable").value == 1)
    }
  }

  @Test func whoIsDeniedAtConnectNeverReachesTheOldServer() async throws {
    try await withShadow(gate: GateAgainst(step: .connect)) { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        _ = try await client.until { if case .connectRefused = $0 { true } else { false } }
        try await client.readToEnd()
      }
      _ = await front.closing()
      #expect(old.observer.soFar.isEmpty, "nobody came")
    }
  }

  @Test func whoIsDeniedAtPublishIsToldAndTheOldServerHearsNothingOfIt() async throws {
    try await withShadow(gate: GateAgainst(step: .join), needsKey: true) { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishBadName)
        try await client.readToEnd()
      }
      #expect(await front.closing()?.rawValue == "not_allowed")
      #expect(await old.closing() == .clientClosed)
      #expect(try await old.participants { _ in true }.isEmpty)
      #expect(front.connections("rtmp", "denied", "not_allowed").value == 1)
    }
  }

  @Test func whereAKeyIsNeededWhatCannotBeFollowedIsCut() async throws {
    try await withShadow(needsKey: true) { _, front in
      try await RTMPTestClient.run(to: front.address) { client in
        _ = try await client.until { if case .connected = $0 { true } else { false } }
        try await client.write(ByteBuffer(repeating: 0xFF, count: 4096))
        do { try await client.readToEnd() } catch is IOError {}
      }
      #expect(await front.closing() == .protocolError)
    }
  }

  @Test func whereAKeyIsNeededACommandThatCannotBeReadIsCutToo() async throws {
    try await withShadow(needsKey: true) { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        _ = try await client.until { if case .connected = $0 { true } else { false } }
        // A command of one byte, which is no AMF, in a chunk of stream 3.
        try await client.write(ByteBuffer(bytes: [3, 0, 0, 0, 0, 0, 1, 20, 0, 0, 0, 0, 0x2A]))
        do { try await client.readToEnd() } catch is IOError {}
      }
      #expect(await front.closing() == .protocolError)
      #expect(await old.closing() == .clientClosed)
    }
  }

  @Test func theEndOfTheOldServersSessionIsTheClientsToo() async throws {
    try await withShadow { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        old.sessions.endAll(.draining)
        #expect(try await client.status() == .connectAppShutdown)
        try await client.readToEnd()
      }
      #expect(await front.closing() == .serverClosed)
    }
  }

  @Test func aDrainTellsTheClientOfTheOldServer() async throws {
    try await withShadow { old, front in
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        front.sessions.endAll(.draining)
        #expect(try await client.status() == .connectAppShutdown)
        try await client.readToEnd()
      }
      #expect(await front.closing() == .finished)
      #expect(await old.closing() == .clientClosed)
    }
  }

  @Test func whoComesToALateShadowedRoomIsToldHowToCome() async throws {
    try await RTMPDoor.with(shadows: ["demo": ShadowServer(host: "127.0.0.1", port: 1, app: "show")]) { front in
      try await RTMPTestClient.run(to: front.address, app: "live") { client in
        let answer = try await client.publish("demo/alice")
        #expect(answer == .publishBadName)
      }
    }
  }

  @Test func aTunnelledClientIsServedByTheOldServerToo() async throws {
    try await RTMPDoor.with { old in
      try await TunnelDoor.with(shadows: ["demo": old.asOldServer()]) { front in
        let client = TunnelClient(try #require(try await front.open()), front)
        #expect(try await client.publish("alice") == .publishStart)
        for tag in try LegacyClip.flv1().prefix(20) {
          client.session.send(
            MediaMessage(
              kind: tag.type == .audio ? .audio : .video, streamID: 1, timestamp: Int64(tag.timestamp), body: tag.body))
          try await client.exchange()
        }
        let seen = try await old.participants { $0.first?.tracks.count == 2 }
        #expect(seen.map(\.name.description) == ["alice"])
        let listening = try await front.engine.listen(room: "demo")
        #expect(Set(listening.participants.flatMap(\.tracks).map(\.codec)) == ["flv1", "nellymoser"])
        await front.engine.stopListening(listening)
        _ = try await front.ask("/close/\(client.id)/\(client.number)")
        #expect(await old.closing() == .clientClosed)
      }
    }
  }

  /// Much more than all buffers in between hold goes through a server that does not read for a while.
  @Test func aServerThatStopsReadingMakesTheClientWaitAndNothingIsLost() async throws {
    let old = try await StallingServer.start()
    try await RTMPDoor.with(shadows: ["demo": ShadowServer(host: "127.0.0.1", port: old.port)]) { front in
      let count = 800
      try await RTMPTestClient.run(to: front.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        old.stall()
        async let resumed: Void = {
          while front.shadow.toServer.value < 1 << 20 { await Task.yield() }
          old.resume()
        }()
        let body = ByteBuffer(repeating: 0x22, count: 60_000)
        for number in 0..<count {
          client.session.send(MediaMessage(kind: .audio, streamID: 1, timestamp: Int64(number), body: body))
          try await client.flush()
        }
        await resumed
        await old.received(mediaMessages: count)
      }
    }
    await old.stop()
  }
}
