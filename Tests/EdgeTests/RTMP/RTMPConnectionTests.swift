import FLV
import NIOCore
import RTMP
import Rooms
import Testing

@testable import Edge
@testable import TestPublisher

@Suite(.timeLimit(.minutes(4))) struct RTMPConnectionTests {
  @Test func aPublisherIsSeenWithItsTracksAndPausesWhenItEnds() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        #expect(door.sessions.identities.map(\.door) == ["rtmp"])
        try await client.send(try LegacyClip.flv1().prefix(20))
        let seen = try await door.participants { $0.first?.tracks.count == 2 }
        #expect(seen.map(\.name.description) == ["alice"])
        #expect(Set(seen[0].tracks.map(\.codec)) == ["flv1", "nellymoser"])
        #expect(seen[0].tracks.allSatisfy { $0.state == .live })
        try client.session.unpublish("alice", streamID: 1)
        try await client.flush()
        let after = try await door.participants { $0.first?.tracks.allSatisfy { $0.state == .paused } == true }
        #expect(after.first?.id == seen[0].id)
      }
      #expect(await door.closing() == .clientClosed)
      #expect(door.sessions.count == 0)
    }
  }

  @Test func aRefusedConnectIsAnsweredAndThenClosedThoughMoreIsSent() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address, app: "live/nowhere") { client in
        let event = try await client.until { if case .connectRefused = $0 { true } else { false } }
        guard case .connectRefused(let status)? = event else { return #expect(Bool(false), "no answer") }
        #expect(status.code == .connectRejected)
        // Bytes that nobody reads any more must not turn the close into a reset.
        try await client.write(ByteBuffer(repeating: 0, count: 100_000))
        try await client.readToEnd()
        #expect(client.isEnded)
      }
      #expect(await door.closing()?.rawValue == "no_such_room")
    }
  }

  @Test func aRefusedPublishIsAnsweredAndThenClosedThoughMediaIsOnItsWay() async throws {
    try await RTMPDoor.with(maximumParticipants: 1) { door in
      try await RTMPTestClient.run(to: door.address) { first in
        #expect(try await first.publish("alice") == .publishStart)
        try await RTMPTestClient.run(to: door.address) { second in
          _ = try await second.until { if case .connected = $0 { true } else { false } }
          try second.session.createStream()
          try second.session.publish("bob", streamID: 1)
          // Does not wait for an answer.
          try await second.send(try LegacyClip.flv1())
          #expect(try await second.status() == .publishBadName)
          try await second.readToEnd()
        }
        #expect(door.connections("rtmp", "denied", "room_full").value == 1)
      }
    }
  }

  @Test func aCodecThatCannotBeCarriedIsToldOnceAndTheOtherMediumGoesOn() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        let sound = try LegacyClip.flv1().filter { $0.type == .audio }.prefix(20)
        let jpeg = FLVTag(type: .video, timestamp: 0, body: ByteBuffer(bytes: [0x11, 1, 2, 3]))
        try await client.send([jpeg, jpeg])
        let event = try await client.until { if case .status = $0 { true } else { false } }
        guard case .status(_, let status)? = event else { return #expect(Bool(false), "no status") }
        #expect(status.level == .warning)
        #expect(status.code == .publishNoSupportedTrack)
        #expect(status.description.contains("jpeg"))
        try await client.send(sound)
        let seen = try await door.participants { $0.first?.tracks.count == 2 }
        let states = Dictionary(uniqueKeysWithValues: seen[0].tracks.map { ($0.kind, $0.state) })
        #expect(states[.audio] == .live)
        #expect(states[.video] == .unsupported("jpeg cannot be carried to browsers"))
        #expect(door.uncarriedFrames.value == 2)
        #expect(door.uncarriedMedia("video", "jpeg").value == 1)
        // Nothing more is said: the next answer is that to the end.
        try client.session.unpublish("alice", streamID: 1)
        try await client.flush()
        #expect(try await client.status() == .unpublishSuccess)
      }
    }
  }

  @Test func aPlayerIsToldThatItCannotPlayAndMaySpeakAllTheSame() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        _ = try await client.until { if case .connected = $0 { true } else { false } }
        for _ in 1...3 {
          try client.session.createStream()
          _ = try await client.until { if case .streamCreated = $0 { true } else { false } }
        }
        for streamID: UInt32 in [1, 2] {
          try client.session.play("alice", streamID: streamID)
          try await client.flush()
          #expect(try await client.status() == .playFailed)
        }
        #expect(door.connections("rtmp", "denied", "play_not_served").value == 1, "once for a connection")
        try client.session.publish("alice", streamID: 3)
        try await client.flush()
        #expect(try await client.status() == .publishStart)
        // Nor does a further wish take the publication along.
        try client.session.play("bob", streamID: 1)
        try await client.flush()
        #expect(try await client.status() == .playFailed)
        try client.session.publish("bob", streamID: 2)
        try await client.flush()
        #expect(try await client.status() == .publishBadName)
        #expect(door.connections("rtmp", "denied", "already_publishing").value == 1)
        #expect(try await door.participants { !$0.isEmpty }.map(\.name.description) == ["alice"])
      }
    }
  }

  @Test func whoComesUnderTheSameNameTakesOverAndTheFirstIsToldAndClosed() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { first in
        #expect(try await first.publish("alice") == .publishStart)
        try await first.send(try LegacyClip.flv1().prefix(10))
        let before = try await door.participants { $0.first?.tracks.isEmpty == false }
        try await RTMPTestClient.run(to: door.address) { second in
          #expect(try await second.publish("alice") == .publishStart)
          #expect(try await first.status() == .publishBadName)
          try await first.readToEnd()
          try await second.send(try LegacyClip.flv1().prefix(10))
          let after = try await door.participants { $0.first?.tracks.isEmpty == false }
          #expect(after.map(\.id) == before.map(\.id))
          #expect(after.first?.tracks.first?.state == .live, "the first one's end does not pause the second")
        }
      }
    }
  }

  /// The room answers on another thread; a client that changes its mind meanwhile must not end up under the old name.
  @Test func aClientThatAsksAnewBeforeTheAnswerSpeaksUnderTheNewName() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        _ = try await client.until { if case .connected = $0 { true } else { false } }
        try client.session.createStream()
        try client.session.publish("old", streamID: 1)
        try client.session.unpublish("old", streamID: 1)
        try client.session.createStream()
        try client.session.publish("new", streamID: 1)
        _ = try await client.status()
        try await client.send(try LegacyClip.flv1().prefix(30))
        let seen = try await door.participants { $0.contains { !$0.tracks.isEmpty } }
        #expect(seen.filter { !$0.tracks.isEmpty }.map(\.name.description) == ["new"])
      }
    }
  }

  @Test func aDrainTellsThePublisherAndCloses() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        door.sessions.endAll(.draining)
        #expect(try await client.status() == .connectAppShutdown)
        try await client.readToEnd()
      }
      #expect(await door.closing() == .finished)
      #expect(door.sessions.count == 0)
    }
  }

  /// A client that does not close is not waited for.
  @Test func aClientThatStaysAfterTheLastAnswerIsCutOff() async throws {
    try await RTMPDoor.with { door in
      let channel = try await LoopbackClient.connectHalfClosable(to: door.address)
      try await channel.writeAndFlush(ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 1536)))
      await door.served()
      #expect(door.sessions.count == 1)
      door.sessions.endAll(.draining)
      #expect(await door.closing() == .finished)
      try? await channel.close()
    }
  }

  @Test func aSilentClientIsGivenUp() async throws {
    var limits = RTMPLimits()
    limits.idleTimeout = .seconds(2)
    limits.pingInterval = .milliseconds(500)
    try await RTMPDoor.with(limits: limits) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        _ = try await client.publish("alice")
        // Says nothing, not even an answer to the pings.
        #expect(await door.closing() == .idle)
      }
    }
  }

  @Test func garbageAfterTheHandshakeEndsTheConnection() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        _ = try await client.until { if case .connected = $0 { true } else { false } }
        try await client.write(ByteBuffer(repeating: 0xFF, count: 4096))
        do { try await client.readToEnd() } catch is IOError {}
      }
      #expect(await door.closing() == .protocolError)
    }
  }

  @Test func aBrokenTagCostsItselfOnly() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        var tags = try LegacyClip.flv1().prefix(6)
        // Codec 15 is none.
        let picture = try #require(tags.firstIndex { $0.type == .video })
        tags[picture].body = ByteBuffer(bytes: [0x1F, 0, 0])
        try await client.send(tags)
        _ = try await door.participants { $0.first?.tracks.isEmpty == false }
        // The sound may stand in the room before the picture behind it was looked at; the answer to the end comes after both.
        try client.session.unpublish("alice", streamID: 1)
        try await client.flush()
        #expect(try await client.status() == .unpublishSuccess)
        #expect(door.malformed.value == 1)
      }
    }
  }

  @Test func manyBytesAtOnceAreTakenInPieces() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        // Some 100 000 messages of sound of one byte and a header.
        let tag = try #require(try LegacyClip.flv1().first { $0.type == .audio })
        var small = tag
        small.body = try #require(tag.body.getSlice(at: tag.body.readerIndex, length: 2))
        for _ in 0..<100 { try await client.send(repeatElement(small, count: 1000)) }
        try await client.send(try LegacyClip.flv1().prefix(10))
        _ = try await door.participants { $0.first?.tracks.count == 2 }
      }
      #expect(await door.closing() == .clientClosed)
    }
  }
}
