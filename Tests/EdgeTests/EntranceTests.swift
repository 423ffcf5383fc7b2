import NIOCore
import RTMP
import Rooms
import Synchronization
import Testing

@testable import Edge
@testable import TestPublisher

/// Does as it is told, and remembers what it was asked.
private final class ScriptedGate: RoomGate {
  struct Script {
    var connect = EntryDecision.allowed(Admittance())
    var join = EntryDecision.allowed(Admittance())
    var expelled: Denial?
    var asked: [EntryRequest] = []
    var givenBack: [Admittance] = []
  }
  let script: Mutex<Script>

  init(_ script: Script = Script()) { self.script = Mutex(script) }

  var asked: [EntryRequest] { script.withLock { $0.asked } }

  func admit(_ request: EntryRequest) async -> EntryDecision {
    script.withLock { script in
      script.asked.append(request)
      return request.step == .connect ? script.connect : script.join
    }
  }

  func giveBack(_ admittance: Admittance) async { script.withLock { $0.givenBack.append(admittance) } }

  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
    let denial = script.withLock { $0.expelled }
    return denial.map { denial in entries.map { ($0.session, denial) } } ?? []
  }
}

@Suite(.timeLimit(.minutes(4))) struct EntranceTests {
  @Test(arguments: Denial.Kind.allCases) func aDenialAtConnectIsAnsweredByItsKindAlone(kind: Denial.Kind) async throws {
    try await RTMPDoor.with(gate: ScriptedGate(.init(connect: .denied(Denial(kind))))) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        let event = try await client.until { if case .connectRefused = $0 { true } else { false } }
        guard case .connectRefused(let status)? = event else { return #expect(Bool(false), "no answer") }
        #expect(status.code == .connectRejected)
        #expect(status.description.contains(kind.rawValue))
        try await client.readToEnd()
      }
      #expect(await door.closing()?.rawValue == kind.rawValue)
    }
  }

  @Test func aDenialAtPublishIsAnsweredAndCounted() async throws {
    let gate = ScriptedGate(.init(join: .denied(Denial(.notAllowed))))
    try await RTMPDoor.with(gate: gate) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice?key=secret") == .publishBadName)
        try await client.readToEnd()
      }
      #expect(door.connections("rtmp", "denied", "not_allowed").value == 1)
      let asked = gate.asked
      #expect(asked.map(\.step) == [.connect, .join])
      #expect(asked.map(\.room) == ["demo", "demo"])
      #expect(asked.last?.name == "alice")
      #expect(asked.last?.role == .speaker)
      #expect(asked.last?.keys.map { $0.reveal() } == ["secret"])
      #expect(asked.last.map { "\($0)".contains("secret") } == false, "a key is never printed")
      #expect(asked.last?.address == "127.0.0.1")
    }
  }

  @Test func aKeyForOnceIsNotUsedUpByARoomThatIsFull() async throws {
    let key = Admittance(keyID: "k1", isUsedUp: true)
    let gate = ScriptedGate(.init(join: .allowed(key)))
    try await RTMPDoor.with(maximumParticipants: 0, gate: gate) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        let answer = try await client.publish("alice")
        #expect(answer == .publishBadName)
      }
      #expect(gate.script.withLock { $0.givenBack } == [key])
    }
    let other = ScriptedGate(.init(join: .allowed(key)))
    try await RTMPDoor.with(gate: other) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        let answer = try await client.publish("alice")
        #expect(answer == .publishStart)
      }
      #expect(other.script.withLock { $0.givenBack }.isEmpty)
    }
  }

  @Test func whoWasLetInIsTakenLeaveOfWithWhatShowedOfIt() async throws {
    try await RTMPDoor.with { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.flv1().prefix(20))
        _ = try await door.participants { $0.first?.tracks.count == 2 }
      }
      _ = await door.closing()
      let departed = door.departed.all
      #expect(departed.map { $0.entry?.name } == ["alice"])
      #expect(departed.first?.traits.video == ["flv1"])
      #expect(departed.first?.traits.audio == ["nellymoser"])
      #expect(departed.first?.traits.isShadowed == false)
    }
  }

  @Test func whoMayNoLongerStayIsToldAndLeavesTheRoomAtOnce() async throws {
    let gate = ScriptedGate()
    try await RTMPDoor.with(gate: gate) { door in
      try await RTMPTestClient.run(to: door.address) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.flv1().prefix(10))
        _ = try await door.participants { $0.first?.tracks.isEmpty == false }
        #expect(await door.entrance.judgeAgain() == 0)
        gate.script.withLock { $0.expelled = Denial(.notAllowed) }
        #expect(await door.entrance.judgeAgain() == 1)
        #expect(try await client.status() == .connectRejected)
        try await client.readToEnd()
        #expect(try await door.participants(until: \.isEmpty) == [])
      }
      #expect(await door.closing()?.rawValue == "not_allowed")
    }
  }

  /// Rules that change after the gate looked and before the session stood where they find it.
  @Test func whatChangesWhileSomebodyComesInIsNotMissed() async throws {
    let gate = ScriptedGate(.init(expelled: Denial(.addressDenied)))
    let sessions = LiveSessions()
    let entrance = Entrance(gate: gate, sessions: sessions)
    let identity = sessions.identify(door: "rtmp", listener: ListenerID(rawValue: "-"), address: "192.0.2.1")
    sessions.opened(identity) { _ in }
    let decision = await entrance.admit(
      EntryRequest(session: identity.id, door: "rtmp", listener: "-", address: "192.0.2.1", room: "demo"))
    #expect(decision == .denied(Denial(.addressDenied)))
  }

  @Test func sessionsAreEndedByWhatIsKnownOfThem() async throws {
    let sessions = LiveSessions()
    let entrance = Entrance(gate: OpenGate(), sessions: sessions)
    let ended = Mutex<[String]>([])
    for (room, address) in [("demo", "192.0.2.1"), ("board", "192.0.2.1"), ("demo", "192.0.2.2")] {
      let identity = sessions.identify(door: "rtmp", listener: ListenerID(rawValue: "-"), address: address)
      sessions.opened(identity) { _ in ended.withLock { $0.append("\(room) \(address)") } }
      _ = await entrance.admit(
        EntryRequest(session: identity.id, door: "rtmp", listener: "-", address: address, room: room))
    }
    #expect(sessions.end(.operatorRequest) { $0.entry?.room == "demo" && $0.entry?.address == "192.0.2.1" } == 1)
    #expect(ended.withLock { $0 } == ["demo 192.0.2.1"])
  }
}
