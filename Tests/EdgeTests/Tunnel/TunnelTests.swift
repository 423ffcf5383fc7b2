import NIOCore
import RTMP
import Testing

@testable import Edge
@testable import Rooms
@testable import TestPublisher

@Suite(.timeLimit(.minutes(2))) struct TunnelTests {
  @Test func aClientPublishesOverAnyNumberOfConnectionsAndLeavesByClose() async throws {
    try await TunnelDoor.with { door in
      let client = TunnelClient(try #require(try await door.open()), door)
      #expect(door.sessions.identities.map(\.door) == ["rtmpt"])
      #expect(try await client.publish("alice") == .publishStart)
      for tag in try LegacyClip.flv1().prefix(20) {
        client.session.send(
          MediaMessage(
            kind: tag.type == .audio ? .audio : .video, streamID: 1, timestamp: Int64(tag.timestamp), body: tag.body))
        try await client.exchange()
      }
      let listening = try await door.engine.listen(room: "demo")
      #expect(Set(listening.participants.flatMap(\.tracks).map(\.codec)) == ["flv1", "nellymoser"])
      await door.engine.stopListening(listening)
      let last = try await door.ask("/close/\(client.id)/\(client.number)")
      #expect(last?.body == ByteBuffer(bytes: [0]))
      #expect(door.tunnels.count == 0)
      #expect(door.sessions.count == 0)
      #expect(try await door.ask("/idle/\(client.id)/\(client.number + 1)")?.status == .notFound)
      #expect(door.connections("rtmpt", "allowed", "none").value == 1)
      #expect(door.requests("open").value == 1)
      #expect(door.requests("send").value > 20)
      #expect(door.requests("close").value == 1)
      // It has said that it goes, and is not waited for as one whose line is broken.
      var waits = door.waits.makeAsyncIterator()
      #expect(await waits.next() == RoomEngine.Patience().orderly)
    }
  }

  @Test func aRequestThatComesAgainIsAnsweredAsBeforeAndTakenOnce() async throws {
    try await TunnelDoor.with { door in
      let client = TunnelClient(try #require(try await door.open()), door)
      let (path, body, answer) = try await client.exchange()
      // C0 and C1 twice would be a handshake that fails.
      #expect(try await door.ask(path, body)?.body == answer?.body)
      #expect(try await client.publish("alice") == .publishStart)
      #expect(door.requests("repeated").value == 1)
    }
  }

  @Test func aRequestOutOfOrderIsRefusedAndTheSessionGoesOn() async throws {
    try await TunnelDoor.with { door in
      let client = TunnelClient(try #require(try await door.open()), door)
      try await client.exchange()
      for number in [client.number + 1, client.number + 100] {
        #expect(try await door.ask("/send/\(client.id)/\(number)")?.status == .conflict)
      }
      #expect(try await client.publish("alice") == .publishStart)
      #expect(door.requests("out_of_order").value == 2)
    }
  }

  @Test func whatIsNoneOfTheTunnelsIsLeftToOthers() async throws {
    try await TunnelDoor.with { door in
      #expect(try await door.ask("/crossdomain.xml", method: .get) == nil)
      #expect(try await door.ask("/open/1", method: .get) == nil)
      #expect(try await door.ask("/send/nobody/1") == nil)
      let identity = try #require(try await door.ask("/fcs/ident2"))
      #expect(identity.status == .notFound)
      #expect(identity.fields[.contentType] == "application/x-fcs")
      #expect(identity.fields[.cacheControl] == "no-cache")
      #expect(try await door.ask("/send/00000000000000000000000000000000/1")?.status == .notFound)
      #expect(door.requests("unknown_session").value == 1)
    }
  }

  @Test func theSessionsOfOneAddressAreLimited() async throws {
    var caps = TunnelCaps()
    (caps.sessionsPerAddress, caps.unconnectedPerAddress, caps.sessions) = (3, 2, 4)
    try await TunnelDoor.with(caps: caps) { door in
      let first = TunnelClient(try #require(try await door.open()), door)
      #expect(try await door.open() != nil)
      #expect(try await door.open() == nil)
      #expect(door.connections("rtmpt", "denied", "too_many_unconnected_tunnels").value == 1)
      #expect(try await first.publish("alice") == .publishStart)
      #expect(try await door.open() != nil)
      #expect(try await door.open() == nil)
      #expect(door.connections("rtmpt", "denied", "too_many_sessions_from_address").value == 1)
      #expect(try await door.open(from: "192.0.2.2") != nil)
      #expect(try await door.open(from: "192.0.2.3") == nil)
      #expect(try await door.ask("/close/\(first.id)/\(first.number)")?.status == .ok)
      #expect(try await door.open(from: "192.0.2.3") != nil)
    }
  }

  @Test func sessionsOpenedAndAbandonedAreForgotten() async throws {
    var caps = TunnelCaps()
    (caps.sessionsPerAddress, caps.unconnectedPerAddress) = (5_000, 5_000)
    try await TunnelDoor.with(handshakeTimeout: .seconds(1), caps: caps) { door in
      for round in 0..<5_000 {
        let id = try #require(try await door.open())
        // Some say a little first, and some wait for an answer that they never fetch.
        if round % 3 == 0 { _ = try await door.ask("/send/\(id)/0", ByteBuffer(bytes: [3])) }
      }
      while door.tunnels.count > 0 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(door.sessions.count == 0)
      #expect(door.connections("rtmpt", "denied", "idle").value == 5_000)
      #expect(try await door.open() != nil)
    }
  }

  @Test func aDrainIsToldWithTheNextAnswerAndTheLastAnswerMayBeAskedAgain() async throws {
    try await TunnelDoor.with { door in
      let client = TunnelClient(try #require(try await door.open()), door)
      #expect(try await client.publish("alice") == .publishStart)
      door.sessions.endAll(.draining)
      let (path, body, answer) = try await client.exchange()
      #expect(answer?.status == .ok)
      let status = try await client.status()
      #expect(status != nil)
      #expect(door.sessions.count == 0)
      #expect(try await door.ask(path, body)?.body == answer?.body)
      #expect(try await client.exchange().answer?.status == .notFound)
    }
  }

  @Test func aRefusedConnectIsAnsweredAndItsSessionCountsNoMore() async throws {
    try await TunnelDoor.with { door in
      let client = TunnelClient(try #require(try await door.open()), door, app: "live/nowhere")
      let event = try await client.until { if case .connectRefused = $0 { true } else { false } }
      #expect(event != nil)
      for _ in 0..<1_000 where door.sessions.count > 0 { try await client.exchange() }
      #expect(door.sessions.count == 0)
    }
  }

  @Test func bytesThatAreNoRTMPEndTheSession() async throws {
    try await TunnelDoor.with { door in
      let id = try #require(try await door.open())
      #expect(try await door.ask("/send/\(id)/0", ByteBuffer(repeating: 0xFF, count: 100))?.status == .notFound)
      #expect(door.tunnels.count == 0)
      #expect(door.connections("rtmpt", "denied", "protocol_error").value == 1)
    }
  }
}
