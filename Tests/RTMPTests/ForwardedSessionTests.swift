import AMF
import NIOCore
import Testing

@testable import RTMP
import Seeded

/// A client, ours in the middle, and a server of ours as the old one, all in memory.
private struct Relay {
  var client: ClientSession
  var front: ServerSession
  var forwarded: ForwardedSession
  var old = ObligingServer(seed: 3)
  var events: [ForwardedSessionEvent] = []
  var clientEvents: [ClientSessionEvent] = []
  var isForwarding = false
  let address: ForwardedAddress?
  var now = NIODeadline.uptimeNanoseconds(0)
  /// Whether requests go on at once.
  var releases = true

  init(
    handshake: ClientSession.HandshakeKind = .plain, address: ForwardedAddress? = nil, app: String = "live/demo"
  ) {
    var random = SeededGenerator(seed: 1)
    client = ClientSession(
      connect: ConnectParameters(app: app, tcUrl: "rtmp://gateway/\(app)?token=7"), handshake: handshake,
      random: &random, now: now)
    front = ServerSession(allowsEncryption: true, mayBeHandedOver: true, random: &random, now: now)
    forwarded = ForwardedSession(handshake: .plain, random: &random)
    self.address = address
  }

  /// Moves bytes until nobody has any, in pieces.
  mutating func run(split: Int = 1 << 16) throws {
    var hasMoved = true
    while hasMoved {
      hasMoved = false
      if let bytes = client.output() {
        hasMoved = true
        for piece in bytes.pieces(of: split) { try fromClient(piece) }
      }
      if let bytes = front.output() {
        hasMoved = true
        try toClient(bytes)
      }
      if let bytes = forwarded.outputToServer() {
        hasMoved = true
        try old.receive(bytes.readableBytesView)
      }
      let answer = old.output()
      for piece in ByteBuffer(bytes: answer).pieces(of: split) {
        hasMoved = true
        var piece = piece
        try forwarded.receive(fromServer: &piece)
        try look()
      }
      if isForwarding, let bytes = forwarded.outputToClient() {
        hasMoved = true
        try toClient(bytes)
      }
    }
  }

  private mutating func fromClient(_ piece: ByteBuffer) throws {
    var piece = piece
    guard !isForwarding else {
      try forwarded.receive(fromClient: &piece)
      return try look()
    }
    try front.receive(&piece, at: now)
    while let event = front.next() {
      guard case .connect = event else { continue }
      if let bytes = front.output() { try toClient(bytes) }
      // The server is reached while the client waits.
      while !forwarded.isReached {
        if let bytes = forwarded.outputToServer() { try old.receive(bytes.readableBytesView) }
        var answer = ByteBuffer(bytes: old.output())
        try forwarded.receive(fromServer: &answer)
      }
      let handedOver = front.handOver()
      isForwarding = true
      try forwarded.begin(try #require(handedOver), as: address)
      try look()
    }
  }

  private mutating func toClient(_ bytes: ByteBuffer) throws {
    var bytes = bytes
    try client.receive(&bytes, at: now)
    while let event = client.next() { clientEvents.append(event) }
  }

  mutating func look() throws {
    while let event = forwarded.next() {
      events.append(event)
      if releases, forwarded.isHolding { try forwarded.release() }
    }
  }

  mutating func publish(_ name: String) throws {
    try run()
    try client.createStream()
    try run()
    try client.publish(name, streamID: 1)
    try run()
  }
}

extension ByteBuffer {
  fileprivate func pieces(of size: Int) -> [ByteBuffer] {
    stride(from: 0, to: readableBytes, by: size).compactMap {
      getSlice(at: readerIndex + $0, length: min(size, readableBytes - $0))
    }
  }
}

@Suite struct ForwardedSessionTests {
  @Test(arguments: ClientSession.HandshakeKind.allCases, [1, 7, 1 << 16])
  func aClientIsServedByTheServerBehindWhateverItsHandshakeAndItsPublicationIsSeen(
    handshake: ClientSession.HandshakeKind, split: Int
  ) throws {
    var relay = Relay(handshake: handshake)
    try relay.run(split: split)
    try relay.publish("alice")
    let sound = MediaMessage(kind: .audio, streamID: 1, timestamp: 40, body: ByteBuffer(bytes: ramp(300)))
    relay.client.send(sound)
    try relay.client.unpublish("alice", streamID: 1)
    try relay.run(split: split)
    #expect(relay.old.media == [sound])
    #expect(relay.events.contains(.media(sound)))
    #expect(relay.events.contains(.connectAnswered(.connectSuccess)))
    #expect(relay.events.contains(.publishAnswered(streamID: 1, .publishStart)))
    #expect(relay.events.contains(.publishEnded(streamID: 1, name: "alice")))
    #expect(
      relay.clientEvents.contains {
        if case .status(_, let status) = $0 { status.code == .publishStart } else { false }
      })
    #expect(!relay.events.contains { if case .lost = $0 { true } else { false } })
  }

  @Test func withoutAnAddressOfItsOwnTheServerHearsWhatTheClientSaid() throws {
    var relay = Relay()
    try relay.run()
    let heard = try #require(relay.old.connectRequest)
    #expect(heard.app == "live/demo")
    #expect(heard.tcUrl == "rtmp://gateway/live/demo?token=7")
  }

  @Test func theServersOwnAddressTakesThePlaceOfTheClientsAndTheQueryStays() throws {
    var relay = Relay(address: ForwardedAddress(app: "show", url: "rtmp://old-server/show"))
    try relay.publish("alice")
    let heard = try #require(relay.old.connectRequest)
    #expect(heard.app == "show")
    #expect(heard.tcUrl == "rtmp://old-server/show?token=7")
    #expect(heard.flashVer == "FMLE/3.0 (compatible; FlashGate)")
    #expect(relay.events.contains(.publishAnswered(streamID: 1, .publishStart)))
  }

  @Test func nothingOfARequestReachesTheServerBeforeItIsReleased() throws {
    var relay = Relay()
    try relay.run()
    relay.releases = false
    try relay.client.createStream()
    try relay.run()
    try relay.client.publish("alice", streamID: 1)
    relay.client.send(MediaMessage(kind: .audio, streamID: 1, timestamp: 0, body: ByteBuffer(bytes: [1, 2])))
    try relay.run()
    #expect(relay.forwarded.isHolding)
    #expect(!relay.old.events.contains { if case .publish = $0 { true } else { false } })
    try relay.forwarded.release()
    try relay.look()
    try relay.run()
    #expect(relay.old.events.contains { if case .publish = $0 { true } else { false } })
    #expect(relay.old.media.count == 1)
  }

  @Test func whatAHeldClientSendsIsBounded() throws {
    var relay = Relay()
    try relay.run()
    relay.releases = false
    try relay.client.publish("alice", streamID: 1)
    try relay.run()
    let limit = RTMPLimits().maximumHeldBytes
    var most = ByteBuffer(repeating: 0, count: limit - 1_000)
    try relay.forwarded.receive(fromClient: &most)
    var more = ByteBuffer(repeating: 0, count: 1_000)
    #expect(throws: RTMPError.self) { try relay.forwarded.receive(fromClient: &more) }
  }

  @Test func callsOfBothSidesAndSharedObjectsGoThroughAndAreNotedAsDifferences() throws {
    var relay = Relay()
    try relay.run()
    // The old server here is one of ours, which knows as few calls as we do.
    try relay.client.call("getRoster")
    try relay.client.call("noteSomething", wantsAnswer: false)
    try relay.run()
    #expect(!relay.events.contains(.differs(.call("getRoster", old: "_error", isServed: false))), "both refuse it")
    #expect(relay.events.contains(.differs(.unanswered("noteSomething"))))
    var call = ByteBuffer(bytes: try Wire.command("onRoster", transaction: 0, ["alice"]))
    try relay.forwarded.receive(fromServer: &call)
    var shared = ByteBuffer(
      bytes: Wire.chunks(
        Message(type: .sharedObjectAMF0, chunkStream: 3, body: ByteBuffer(bytes: ramp(20))), size: 4096))
    let bytes = shared
    try relay.forwarded.receive(fromClient: &shared)
    try relay.look()
    #expect(relay.events.contains(.differs(.callOfServer("onRoster"))))
    #expect(relay.events.contains(.differs(.sharedObjects)))
    #expect(relay.forwarded.outputToServer() == bytes)
    try relay.run()
    #expect(relay.clientEvents.contains(.notice(name: "onRoster", ["alice"])))
  }

  @Test func aCallThatTheServerAnswersAndWeWouldNotIsADifference() throws {
    var relay = Relay()
    try relay.run()
    var call = ByteBuffer(bytes: Wire.chunks(try Command("getRoster", transaction: 9).message(), size: 4096))
    try relay.forwarded.receive(fromClient: &call)
    var answer = ByteBuffer(
      bytes: Wire.chunks(try Command("_result", transaction: 9, arguments: ["alice"]).message(), size: 4096))
    try relay.forwarded.receive(fromServer: &answer)
    try relay.look()
    #expect(relay.events.last == .differs(.call("getRoster", old: "_result", isServed: false)))
  }

  @Test func aRefusedPublicationEndsInTheRoomToo() throws {
    var relay = Relay()
    relay.old.refusesPublish = true
    try relay.publish("alice")
    #expect(
      relay.events.suffix(2) == [
        .publishAnswered(streamID: 1, .publishBadName), .publishEnded(streamID: 1, name: "alice"),
      ])
  }

  @Test func bytesThatCannotBeFollowedGoThroughAllTheSame() throws {
    var relay = Relay()
    try relay.publish("alice")
    _ = relay.forwarded.outputToServer()
    // A chunk size that nobody can mean, and then noise.
    let noise =
      Wire.chunks(
        Message(type: .setChunkSize, chunkStream: 2, body: ByteBuffer(bytes: [0, 0, 0, 0])), size: 4096)
      + ramp(5_000)
    var bytes = ByteBuffer(bytes: noise)
    try relay.forwarded.receive(fromClient: &bytes)
    #expect(relay.forwarded.outputToServer() == ByteBuffer(bytes: noise))
    try relay.look()
    #expect(relay.events.last == .lost(.chunkSizeOutOfRange(size: 0, limit: 0x7FFF_FFFF)))
    var more = ByteBuffer(bytes: ramp(100))
    try relay.forwarded.receive(fromClient: &more)
    #expect(relay.forwarded.outputToServer() == ByteBuffer(bytes: ramp(100)))
    var answer = ByteBuffer(bytes: ramp(100))
    try relay.forwarded.receive(fromServer: &answer)
    #expect(relay.forwarded.outputToClient() == ByteBuffer(bytes: ramp(100)))
  }

  @Test func aServerThatCannotBeFollowedCostsItsAnswersAlone() throws {
    var relay = Relay()
    try relay.publish("alice")
    var noise = ByteBuffer(bytes: [0xFF] + ramp(100))
    let said = noise
    try relay.forwarded.receive(fromServer: &noise)
    try relay.look()
    guard case .answersLost? = relay.events.last else { return #expect(Bool(false), "it is told") }
    #expect(relay.forwarded.outputToClient() == said)
    #expect(relay.forwarded.isFollowed)
    let sound = MediaMessage(kind: .audio, streamID: 1, timestamp: 40, body: ByteBuffer(bytes: ramp(300)))
    relay.client.send(sound)
    try relay.run()
    #expect(relay.events.contains(.media(sound)))
  }

  /// Old servers and their clients agree on chunks of any size.
  @Test func chunksLargerThanOursAreFollowed() throws {
    var relay = Relay()
    try relay.publish("alice")
    let body = ByteBuffer(bytes: ramp(200_000))
    var bytes = ByteBuffer(
      bytes: Wire.chunks(
        Message(type: .setChunkSize, chunkStream: 2, body: ByteBuffer(bytes: [0, 0x10, 0, 0])), size: 4096)
        + Wire.chunks(Message(type: .video, streamID: 1, chunkStream: 6, body: body), size: 1 << 20))
    try relay.forwarded.receive(fromClient: &bytes)
    try relay.look()
    #expect(relay.events.last == .media(MediaMessage(kind: .video, streamID: 1, timestamp: 0, body: body)))
  }

  @Test func aCommandThatCannotBeReadIsTold() throws {
    var relay = Relay()
    try relay.run()
    // `publish` with an argument of a type that AMF0 does not have.
    var body = ByteBuffer(bytes: [2, 0, 7] + Array("publish".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x2A])
    var bytes = ByteBuffer(
      bytes: Wire.chunks(Message(type: .commandAMF0, streamID: 1, chunkStream: 3, body: body), size: 4096))
    body.clear()
    try relay.forwarded.receive(fromClient: &bytes)
    try relay.look()
    guard case .unreadable? = relay.events.last else { return #expect(Bool(false), "it is told") }
    #expect(relay.forwarded.isFollowed)
  }

  @Test func mutatedConversationsNeverStopTheBytes() throws {
    var random = SeededGenerator(seed: 42)
    for _ in 0..<300 {
      var relay = Relay()
      try relay.publish("alice")
      _ = relay.forwarded.outputToServer()
      var bytes = try Wire.command("getRoster", transaction: 5, ["x"])
      bytes += Wire.chunks(Message(type: .audio, streamID: 1, chunkStream: 4, body: ByteBuffer(bytes: ramp(400))))
      for _ in 0..<(1 + Int(random.next() % 4)) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      var client = ByteBuffer(bytes: bytes)
      relay.releases = true
      try relay.forwarded.receive(fromClient: &client)
      try relay.look()
      #expect(relay.forwarded.outputToServer() == ByteBuffer(bytes: bytes))
      var server = ByteBuffer(bytes: bytes)
      try relay.forwarded.receive(fromServer: &server)
      #expect(relay.forwarded.outputToClient() == ByteBuffer(bytes: bytes))
    }
  }

  @Test func theClientIsToldOnlyWhereTheServersMessagesLeaveAGap() throws {
    var relay = Relay()
    try relay.publish("alice")
    let status = Status(level: .error, code: .connectAppShutdown, description: "over")
    relay.forwarded.tellClient(status)
    try relay.run()
    #expect(relay.clientEvents.last == .status(streamID: 0, status))
    var half = ByteBuffer(bytes: Wire.type0(4, time: 0, length: 100, type: 8) + ramp(50))
    try relay.forwarded.receive(fromServer: &half)
    _ = relay.forwarded.outputToClient()
    relay.forwarded.tellClient(status)
    #expect(relay.forwarded.outputToClient() == nil)
  }

  @Test func aConnectAmongOtherMessagesCannotBeReadressed() throws {
    let connect = try Wire.connect(app: "live")
    let other = Wire.type0(5, time: 0, length: 200, type: 20, stream: 0) + ramp(128)
    let address = ForwardedAddress(app: "a", url: "rtmp://b/a")
    #expect(throws: RTMPError.unforwardableConnect) {
      try address.rewrite(ByteBuffer(bytes: other + connect), limits: .init())
    }
    let alone = try address.rewrite(ByteBuffer(bytes: connect + other), limits: .init())
    #expect(Array(alone.readableBytesView.suffix(other.count)) == other)
  }

  /// What decides whether a difference is one must not drift away from what the session does.
  @Test(arguments: [
    "createStream", "deleteStream", "closeStream", "releaseStream", "FCPublish", "FCUnpublish", "FCSubscribe",
    "getStreamLength", "_checkbw", "checkBandwidth", "getRoster", "receiveAudio", "pause", "seek", "initStream",
  ])
  func theCallsThatCountAsServedAreThoseThatTheSessionServes(name: String) throws {
    var server = ObligingServer()
    try server.receive(Wire.handshake + Wire.connect())
    _ = server.output()
    try server.receive(try Wire.command(name, transaction: 9, ["x"]))
    let refusals = try Wire.messages(server.output()).compactMap { try Command($0) }.filter { $0.name == "_error" }
    #expect(refusals.isEmpty == ServerSession.serves(name))
  }
}
