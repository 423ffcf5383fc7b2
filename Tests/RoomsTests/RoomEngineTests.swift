import NIOCore
import Testing

@testable import Rooms

@Suite(.timeLimit(.minutes(4))) struct RoomEngineTests {
  private func error(_ body: () async throws -> Void) async -> RoomError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? RoomError
    }
  }

  @Test func onlyConfiguredRoomsAndProperNamesAreTaken() async throws {
    let stage = Stage()
    let engine = stage.engine
    #expect(
      await error { _ = try await engine.publish(room: "nope", name: "a", kind: .flash) {} } == .noSuchRoom("nope"))
    #expect(await error { _ = try await engine.publish(room: "../x", name: "a", kind: .flash) {} } == .badRoomName)
    #expect(
      await error { _ = try await engine.publish(room: "demo", name: "..", kind: .flash) {} } == .badParticipantName)
    #expect(await error { _ = try await engine.listen(room: "nope") } == .noSuchRoom("nope"))
    #expect(await error { _ = try await engine.tracks(of: "alice", in: "demo") } == .noSuchParticipant("alice"))
    #expect(await engine.census == Census())
  }

  @Test func listenersHearOfComingPausingAndLeavingInOrder() async throws {
    let stage = Stage()
    let listening = try await stage.engine.listen(room: "demo")
    #expect(listening.participants.isEmpty)
    var events = listening.events.makeAsyncIterator()
    let publication = try await stage.publish()
    let id = publication.participant
    guard case .participant(let came)? = await events.next() else { return #expect(Bool(false), "nobody came") }
    #expect(came.id == id)
    #expect(came.name.description == "alice")
    #expect(came.tracks.isEmpty)
    let clip = try Clip.flv1()
    let publisher = try await Publisher.make(publication, loop: Stage.loops.next(), time: stage.time)
    try await publisher.send([clip.pictures[0]])
    guard case .participant(let sends)? = await events.next() else { return #expect(Bool(false)) }
    #expect(sends.tracks.map(\.codec) == ["flv1"])
    #expect(sends.tracks.map(\.state) == [.live])
    await stage.engine.ended(publication, .broken)
    guard case .participant(let pauses)? = await events.next() else { return #expect(Bool(false)) }
    #expect(pauses.tracks.map(\.state) == [.paused])
    #expect(pauses.tracks.map(\.id) == sends.tracks.map(\.id))
    await stage.time.waits(1)
    stage.time.advance(.seconds(20))
    #expect(await events.next() == .left(id))
    await stage.engine.stopListening(listening)
    #expect(await events.next() == nil)
    #expect(await stage.engine.census == Census())
  }

  @Test(arguments: [(RoomEngine.Departure.orderly, Int64(2)), (.broken, 20)])
  func aSpeakerWhoIsAwayIsExpectedBackForItsTime(departure: RoomEngine.Departure, seconds: Int64) async throws {
    let stage = Stage()
    let first = try await stage.publish()
    await stage.engine.ended(first, departure)
    await stage.time.waits(1)
    let wait = stage.time.state.value
    #expect(wait.deadlines == [wait.now + TimeAmount.seconds(seconds)])
    // Back one moment before: the same participant, who then stays.
    stage.time.advance(.milliseconds(seconds * 1000 - 1))
    let second = try await stage.publish()
    #expect(second.participant == first.participant)
    #expect(second.generation > first.generation)
    stage.time.advance(.milliseconds(1))
    await stage.engine.ended(second, departure)
    await stage.time.waits(2)
    #expect(await stage.engine.census.flashSpeakers == 1, "the first one's wait must not end the second one's stay")
    let listening = try await stage.engine.listen(room: "demo")
    var events = listening.events.makeAsyncIterator()
    stage.time.advance(.seconds(seconds))
    #expect(await events.next() == .left(second.participant))
    let third = try await stage.publish()
    #expect(third.participant != first.participant)
  }

  @Test func whoIsExpelledLeavesAtOnceAndWhoIsAwayCanBeForgotten() async throws {
    let stage = Stage()
    let listening = try await stage.engine.listen(room: "demo")
    var events = listening.events.makeAsyncIterator()
    let first = try await stage.publish()
    await stage.engine.forgetAbsent("alice", in: "demo")
    #expect(await stage.engine.census.flashSpeakers == 1, "who is there is not forgotten")
    await stage.engine.ended(first, .expelled)
    #expect(await stage.engine.census.flashSpeakers == 0)
    let second = try await stage.publish()
    #expect(second.participant != first.participant)
    await stage.engine.ended(second, .broken)
    await stage.engine.forgetAbsent("alice", in: "demo")
    var left: [ParticipantID] = []
    while left.count < 2, let event = await events.next() { if case .left(let id) = event { left.append(id) } }
    #expect(left == [first.participant, second.participant])
  }

  @Test func whoTakesANameOverKeepsItsTracksAndTheOldOneIsToldOnce() async throws {
    let stage = Stage()
    let told = Watched(0)
    let first = try await stage.publish { told.change { $0 += 1 } }
    let track = first.speaker.track(.video)
    let second = try await stage.publish()
    #expect(told.value == 1)
    #expect(second.participant == first.participant)
    #expect(second.speaker.track(.video) === track)
    // The old one's end is nothing to the room any more, and it is not told again.
    let listening = try await stage.engine.listen(room: "demo")
    await stage.engine.ended(first, .broken)
    #expect(stage.time.state.value.deadlines.isEmpty)
    _ = try await stage.publish()
    #expect(told.value == 1)
    var events = listening.events.makeAsyncIterator()
    guard case .participant(let change)? = await events.next() else { return #expect(Bool(false)) }
    #expect(change.id == first.participant)
  }

  @Test func aFullRoomTakesNobodyButWhoReplacesAnother() async throws {
    let stage = Stage(limit: 2)
    let engine = stage.engine
    _ = try await stage.publish("alice")
    let listening = try await engine.listen(room: "demo")
    #expect(await error { _ = try await stage.publish("bob") } == .roomFull(limit: 2))
    #expect(await error { _ = try await engine.listen(room: "demo") } == .roomFull(limit: 2))
    _ = try await stage.publish("alice")
    _ = try await engine.listen(room: "other")
    await engine.stopListening(listening)
    _ = try await stage.publish("bob")
    #expect(await engine.census == Census(rooms: 2, flashSpeakers: 2, browserSpeakers: 0, listeners: 1))
  }

  @Test func whoOnlyLooksOnTakesNobodysPlace() async throws {
    let stage = Stage(limit: 1)
    let engine = stage.engine
    let looking = try await engine.listen(room: "demo", isCounted: false)
    _ = try await stage.publish("alice")
    #expect(await error { _ = try await engine.listen(room: "demo") } == .roomFull(limit: 1))
    _ = try await engine.listen(room: "demo", isCounted: false)
    await engine.stopListening(looking)
    #expect(await error { _ = try await stage.publish("bob") } == .roomFull(limit: 1))
  }

  @Test func aDrainingEngineTellsListenersAndTakesNobody() async throws {
    let stage = Stage()
    let engine = stage.engine
    let listening = try await engine.listen(room: "demo")
    await engine.drain()
    var events = listening.events.makeAsyncIterator()
    #expect(await events.next() == .closing)
    #expect(await events.next() == nil)
    #expect(await error { _ = try await stage.publish() } == .draining)
    #expect(await error { _ = try await engine.listen(room: "demo") } == .draining)
  }

  @Test func aListenerThatDoesNotReadIsEndedAndTheOthersAreNot() async throws {
    let stage = Stage()
    let engine = stage.engine
    let slow = try await engine.listen(room: "demo")
    let quick = try await engine.listen(room: "demo")
    var events = quick.events.makeAsyncIterator()
    for _ in 0...1024 {
      _ = try await stage.publish()
      guard case .participant? = await events.next() else { return #expect(Bool(false), "the quick one was ended") }
    }
    #expect(await engine.census.listeners == 1)
    var behind = 0
    for await _ in slow.events { behind += 1 }
    #expect(behind == 1024)
  }

  @Test func tracksAreFoundByTheirIdentityOnlyInTheirRoom() async throws {
    let stage = Stage()
    let engine = stage.engine
    let publication = try await stage.publish()
    let track = publication.speaker.track(.audio)
    let demo = try #require(RoomName("demo"))
    let other = try #require(RoomName("other"))
    #expect(await engine.track("\(track.id)", in: demo) === track)
    #expect(await engine.track("\(track.id)", in: other) == nil)
    #expect(await engine.track("\(publication.participant)-video", in: demo) == nil, "no frame of it has come")
    #expect(await engine.track("nonsense", in: demo) == nil)
    let tracks = try await engine.tracks(of: "alice", in: "demo")
    #expect(tracks[.audio] === track)
    #expect(tracks[.video] != nil, "a player that comes early may wait for it")
    #expect(await engine.overview[demo]?.map(\.name.description) == ["alice"])
  }
}
