import Testing

@testable import Gateway
@testable import Rooms
@testable import TestPeer

@Suite struct SignallingMessageTests {
  struct Row: Sendable {
    let text: String
    let message: ClientMessage
  }

  @Test(arguments: [
    Row(text: #"{"type":"join","version":1}"#, message: .join(version: 1, key: nil)),
    Row(text: #"{"type":"join","version":2,"key":"k","more":[1]}"#, message: .join(version: 2, key: "k")),
    Row(
      text: #"{"type":"offer","id":1,"sdp":"v=0","subscriptions":{"0":"p1-audio"}}"#,
      message: .offer(id: 1, sdp: "v=0", subscriptions: ["0": "p1-audio"])),
    Row(text: #"{"type":"offer","id":7,"sdp":""}"#, message: .offer(id: 7, sdp: "", subscriptions: [:])),
    Row(text: #"{"type":"leave"}"#, message: .leave),
    Row(text: #"{"type":"of a later version","id":"x"}"#, message: .unknown("of a later version")),
  ])
  func whatBrowsersSayIsUnderstood(row: Row) throws {
    #expect(try ClientMessage(row.text) == row.message)
  }

  @Test(arguments: [
    "", "x", "[]", "1", "null", "{}", #"{"type":1}"#, #"{"type":"offer"}"#, #"{"type":"offer","id":1}"#,
    #"{"type":"offer","id":"1","sdp":"v=0"}"#, #"{"type":"offer","id":1e300,"sdp":"v=0"}"#,
    #"{"type":"offer","id":1,"sdp":"v=0","subscriptions":[]}"#,
    #"{"type":"offer","id":1,"sdp":"v=0","subscriptions":{"0":1}}"#, #"{"type":"join","version":"1"}"#,
  ])
  func whatIsNoMessageIsMalformed(text: String) {
    let error = #expect(throws: SignallingError.self) { try ClientMessage(text) }
    #expect(error?.code == "malformed")
  }

  @Test func anOfferHasABoundOfSubscriptions() throws {
    func offer(_ count: Int) -> String {
      let list = (0..<count).map { "\"\($0)\":\"t\"" }.joined(separator: ",")
      return "{\"type\":\"offer\",\"id\":1,\"sdp\":\"v=0\",\"subscriptions\":{\(list)}}"
    }
    guard case .offer(_, _, let subscriptions) = try ClientMessage(offer(512)) else { return #expect(Bool(false)) }
    #expect(subscriptions.count == 512)
    #expect(throws: SignallingError.self) { try ClientMessage(offer(513)) }
  }

  @Test func mutatedMessagesAreMessagesOrMalformed() {
    let texts = [
      #"{"type":"join","version":1,"key":"secret"}"#,
      #"{"type":"offer","id":12,"sdp":"v=0\r\n","subscriptions":{"0":"p1-audio","1":"p1-video"}}"#,
      #"{"type":"leave"}"#,
    ].map { Array($0.utf8) }
    var random = SeededRandom(4)
    var (good, bad) = (0, 0)
    for round in 0..<10_000 {
      let text = String(decoding: random.mutated(texts[round % texts.count]), as: UTF8.self)
      do throws(SignallingError) {
        _ = try ClientMessage(text)
        good += 1
      } catch {
        bad += 1
      }
    }
    #expect(good > 100)
    #expect(bad > 1000)
  }

  @Test func theServersMessagesAreAsDocumented() throws {
    let room = try #require(RoomName("demo"))
    let name = try #require(ParticipantName("a\"b"))
    let id = ParticipantID(number: 7)
    let participant = ParticipantDescription(
      id: id, name: name, kind: .flash,
      tracks: [
        TrackDescription(id: TrackID(participant: id, kind: .audio), kind: .audio, codec: "nellymoser", state: .live),
        TrackDescription(
          id: TrackID(participant: id, kind: .video), kind: .video, codec: "jpeg", state: .unsupported("no")),
      ])
    let text =
      #"{"id":"p7","kind":"flash","name":"a\"b","tracks":["#
      + #"{"codec":"nellymoser","id":"p7-audio","kind":"audio","state":"live"},"#
      + #"{"codec":"jpeg","id":"p7-video","kind":"video","reason":"no","state":"unsupported"}]}"#
    let messages: [(ServerMessage, String)] = [
      (
        .welcome(room: room, listener: "l1", iceServers: [], participants: [participant]),
        #"{"iceServers":[],"participants":["# + text + #"],"room":"demo","self":"l1","type":"welcome","version":1}"#
      ),
      (.participant(participant), #"{"participant":"# + text + #","type":"participant"}"#),
      (.left(id), #"{"id":"p7","type":"left"}"#),
      (.answer(id: 3, sdp: "v=0\r\n"), #"{"id":3,"sdp":"v=0\r\n","type":"answer"}"#),
      (.closing(reason: "shutdown", retryAfter: 5), #"{"reason":"shutdown","retryAfter":5,"type":"closing"}"#),
      (.closing(reason: "ended-by-operator", retryAfter: nil), #"{"reason":"ended-by-operator","type":"closing"}"#),
      (.error(code: "bad-offer", message: "m", id: 2), #"{"code":"bad-offer","id":2,"message":"m","type":"error"}"#),
      (
        .error(code: "room-full", message: "m", retryAfter: 10),
        #"{"code":"room-full","message":"m","retryAfter":10,"type":"error"}"#
      ),
    ]
    for (message, text) in messages { #expect(message.text == text) }
  }

  @Test func refusalsThatNoSecondTryHelpsHaveTheCodesThatEndThePage() {
    #expect(SignallingError.unsupportedVersion(2).code == "unsupported-version")
    #expect(RoomError.noSuchRoom("x").signallingCode == "unknown-room")
    #expect(RoomError.badRoomName.signallingCode == "unknown-room")
    #expect(RoomError.roomFull(limit: 1).retryAfter != nil)
    #expect(RoomError.draining.retryAfter != nil)
  }
}
