import AMF
import NIOCore
import Testing

@testable import RTMP
import Seeded

@Suite("Server session")
struct ServerSessionTests {
  /// A server past the handshake, its part of it thrown away.
  private func shakenServer(limits: RTMPLimits = .init()) throws -> ObligingServer {
    var server = ObligingServer(limits: limits)
    try server.receive(Wire.handshake)
    #expect(server.output().count == 3073)
    return server
  }

  private func connectedServer(limits: RTMPLimits = .init()) throws -> ObligingServer {
    var server = try shakenServer(limits: limits)
    try server.receive(Wire.connect())
    _ = server.output()
    return server
  }

  /// One that publishes `alice` on stream 1.
  private func publishingServer() throws -> ObligingServer {
    var server = try connectedServer()
    try server.receive(Wire.command("createStream", transaction: 2))
    try server.receive(Wire.command("publish", transaction: 3, ["alice", "live"], stream: 1))
    _ = server.output()
    return server
  }

  /// The server's answers; it sends with chunks of 4096 bytes once connected.
  private func answers(_ server: inout ObligingServer, chunkSize: UInt32 = 4096) throws -> [Message] {
    var bytes = ByteBuffer(bytes: server.output())
    var reader = ChunkReader(limits: .init())
    try reader.setChunkSize(chunkSize)
    var messages: [Message] = []
    while let message = try reader.read(&bytes) {
      if case .setChunkSize(let size) = try ProtocolControl(message) { try reader.setChunkSize(size) }
      messages.append(message)
    }
    return messages
  }

  private func commands(_ messages: [Message]) throws -> [Command] {
    try messages.compactMap { try Command($0) }
  }

  private func media(_ type: UInt8 = 8, time: UInt32 = 0, _ body: [UInt8] = [0x62, 1, 2], stream: UInt32 = 1) -> [UInt8]
  {
    join(Wire.type0(4, time: time, length: body.count, type: type, stream: stream), body)
  }

  // MARK: connect

  @Test func connectIsAnsweredInOneBatch() throws {
    var server = try shakenServer()
    try server.receive(Wire.connect(["objectEncoding": 3]))
    let messages = try answers(&server, chunkSize: 128)
    #expect(
      try messages.prefix(3).map { try ProtocolControl($0) } == [
        .windowAcknowledgementSize(2_500_000), .setPeerBandwidth(2_500_000, limitType: 2), .setChunkSize(4096),
      ])
    #expect(try UserControl(messages[3]) == .streamBegin(0))
    let replies = try commands(messages)
    #expect(replies.map(\.name) == ["_result", "onBWDone"])
    #expect(replies[0].transaction == 1)
    let properties = try #require(replies[0].object.objectValue)
    #expect(properties["fmsVer"]?.stringValue?.hasPrefix("FMS/3,5,") == true)
    #expect(properties["capabilities"] == 31)
    #expect(properties["mode"] == 1)
    let information = try #require(replies[0].arguments.first?.objectValue)
    #expect(information["level"] == "status")
    #expect(information["code"] == "NetConnection.Connect.Success")
    #expect(information["description"]?.stringValue?.isEmpty == false)
    #expect(information["objectEncoding"] == 3)
    #expect(server.output().isEmpty)
  }

  @Test func objectEncodingIsZeroUnlessThreeIsAsked() throws {
    for asked in [nil, 0, 1, 3.5] as [Double?] {
      var server = try shakenServer()
      try server.receive(Wire.connect(asked.map { ["objectEncoding": .number($0)] } ?? [:]))
      let replies = try commands(try answers(&server, chunkSize: 128))
      #expect(replies.first?.arguments.first?.objectValue?["objectEncoding"] == 0)
    }
  }

  @Test func connectSaysWhatAFlashPlayerSays() throws {
    var server = try shakenServer()
    try server.receive(
      Wire.connect(
        app: "StreamPlayer/",
        [
          "flashVer": "WIN 9,0,47,0", "swfUrl": "file://", "tcUrl": "rtmp://h/StreamPlayer/?key=k%201", "fpad": false,
          "audioCodecs": 615, "videoCodecs": 124, "videoFunction": 1, "pageUrl": .undefined,
        ], arguments: [true, "second", "third"]))
    let request = try #require(server.connectRequest)
    #expect(request.app == "StreamPlayer")
    #expect(request.flashVer == "WIN 9,0,47,0")
    #expect(request.swfUrl == "file://")
    #expect(request.pageUrl == nil)
    #expect(request.audioCodecs == 615)
    #expect(request.videoCodecs == 124)
    #expect(request.videoFunction == 1)
    #expect(request.capabilities == nil)
    #expect(request.objectEncoding == .amf0)
    #expect(
      request.accessKeyCandidates(streamQueryItems: [QueryItem(name: "key", value: "of name")]) == [
        "k 1", "of name", "second",
      ])
  }

  @Test(arguments: ["live/demo", "/live/demo/", "live/demo?authmod=adobe&user=x", "live/demo//"])
  func applicationsLoseSlashesAndQueries(app: String) throws {
    var server = try shakenServer()
    try server.receive(Wire.connect(app: app))
    #expect(server.connectRequest?.app == "live/demo")
  }

  @Test func refusedConnectIsAnsweredInChunksAndThenClosed() throws {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
    var bytes = ByteBuffer(bytes: join(Wire.handshake, try Wire.connect()))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    let reason = String(repeating: "Not on the list. ", count: 40)
    session.rejectConnect(description: reason)
    #expect(session.closesAfterOutput)
    let rest = session.output()
    var output = try #require(rest)
    output.moveReaderIndex(forwardBy: 3073)
    let replies = try commands(try Wire.messages(output.readableBytesView))
    #expect(replies.map(\.name) == ["_error"])
    #expect(replies[0].transaction == 1)
    #expect(
      Status(replies[0].arguments.first)
        == Status(level: .error, code: .connectRejected, description: reason))
    #expect(replies[0].arguments.first?.objectValue?["level"] == "error")

    bytes = ByteBuffer(bytes: try Wire.command("createStream", transaction: 2))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    #expect(takeOutput(&session) == nil)
    #expect(session.deadline == nil)
  }

  @Test func commandsBeforeTheDecisionWaitForIt() throws {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
    let early = join(
      Wire.handshake, try Wire.connect(), try Wire.command("createStream", transaction: 2),
      try Wire.command("publish", transaction: 3, ["alice"], stream: 1))
    var bytes = ByteBuffer(bytes: early)
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    _ = session.output()
    guard case .connect = session.next() else {
      Issue.record("connect comes first")
      return
    }
    #expect(takeNext(&session) == nil)
    session.acceptConnect()
    guard case .publish(let request) = session.next() else {
      Issue.record("publish was kept")
      return
    }
    #expect(request.name == "alice")
    let rest = session.output()
    let output = try #require(rest)
    #expect(
      try commands(try Wire.messages(output.readableBytesView)).map(\.name) == ["_result", "onBWDone", "_result"])
  }

  @Test func whatComesBeforeTheDecisionIsLimited() throws {
    var limits = RTMPLimits()
    limits.maximumHeldBytes = 100
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(limits: limits, random: &random, now: .uptimeNanoseconds(0))
    var bytes = ByteBuffer(bytes: join(Wire.handshake, try Wire.connect(), ramp(100)))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    #expect(throws: RTMPError.tooManyHeldBytes(bytes: 101, limit: 100)) {
      var more = ByteBuffer(bytes: [1])
      try session.receive(&more, at: .uptimeNanoseconds(0))
    }
    #expect(session.closesAfterOutput)
  }

  @Test func damageBehindADecisionEndsTheSessionOnceItHasFallen() throws {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
    var bytes = ByteBuffer(bytes: join(Wire.handshake, try Wire.connect(), Wire.type3(9)))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    #expect(session.failure == nil)
    session.acceptConnect()
    #expect(session.failure == .headerWithoutPredecessor(chunkStream: 9, format: 3))
    #expect(session.closesAfterOutput)
  }

  @Test func callsBeforeConnectFail() throws {
    var server = try shakenServer()
    try server.receive(Wire.command("createStream", transaction: 1))
    let replies = try commands(try answers(&server, chunkSize: 128))
    #expect(replies.map(\.name) == ["_error"])
    #expect(Status(replies[0].arguments.first)?.code == .callFailed)
    try server.receive(Wire.connect())
    #expect(server.connectRequest != nil)
  }

  // MARK: Calls

  @Test func unknownCallsFailAndTheSessionGoesOn() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("launchMissiles", transaction: 7))
    try server.receive(Wire.command("noAnswerWanted", transaction: 0))
    try server.receive(Wire.command("createStream", transaction: 8))
    let replies = try commands(try answers(&server))
    #expect(replies.map(\.name) == ["_error", "_result"])
    #expect(replies.map(\.transaction) == [7, 8])
    #expect(Status(replies[0].arguments.first)?.code.rawValue == "NetConnection.Call.Failed")
    #expect(Status(replies[0].arguments.first)?.level == .error)
    #expect(!server.session.closesAfterOutput)
  }

  @Test func anEncodersCallsAreAnswered() throws {
    var server = try connectedServer()
    try server.receive(
      join(
        Wire.chunks(ProtocolControl.setChunkSize(4096).message),
        try Wire.command("releaseStream", transaction: 2, ["alice"]),
        try Wire.command("FCPublish", transaction: 3, ["alice"]), try Wire.command("createStream", transaction: 4)))
    let replies = try commands(try answers(&server))
    #expect(replies.map(\.name) == ["_result", "onFCPublish", "_result", "_result"])
    #expect(replies.map(\.transaction) == [2, 0, 3, 4])
    #expect(replies.last?.arguments == [1])
  }

  @Test func transactionZeroWantsNoResult() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("releaseStream", transaction: 0, ["alice"]))
    try server.receive(Wire.command("FCPublish", transaction: 0, ["alice"]))
    #expect(try commands(try answers(&server)).map(\.name) == ["onFCPublish"])
  }

  @Test func bandwidthCheckIsMeasured() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("_checkbw", transaction: 5))
    #expect(try commands(try answers(&server)).map(\.name) == ["_result"])

    try server.receive(Wire.command("checkBandwidth", transaction: 0))
    let calls = try commands(try answers(&server))
    #expect(calls.map(\.name) == ["onBWCheck"])
    server.now = server.now + .milliseconds(100)
    try server.receive(Wire.command("_result", transaction: calls[0].transaction, [0]))
    let done = try commands(try answers(&server))
    #expect(done.map(\.name) == ["onBWDone"])
    #expect(done.first?.arguments.first == 1311)
  }

  // MARK: Publishing

  /// As GStreamer's rtmp2sink: ids of 0, publish on chunk stream 3, the stream's name in deleteStream, and from then on
  /// media in 128-byte chunks.
  @Test func gstreamerPublishes() throws {
    var server = try connectedServer()
    try server.receive(
      join(
        Wire.chunks(ProtocolControl.windowAcknowledgementSize(5_000_000).message),
        try Wire.command("releaseStream", transaction: 0, ["alice"]),
        try Wire.command("FCPublish", transaction: 0, ["alice"]), try Wire.command("createStream", transaction: 2)))
    _ = server.output()
    try server.receive(Wire.command("publish", transaction: 0, ["alice", "live"], stream: 1, chunkStream: 3))
    let messages = try answers(&server)
    #expect(try UserControl(messages[0]) == .streamBegin(1))
    let status = try #require(try Command(messages[1]))
    #expect(messages[1].streamID == 1)
    #expect(status.name == "onStatus")
    #expect(Status(status.arguments.first)?.code == .publishStart)

    let picture = Message(type: .video, streamID: 1, chunkStream: 6, body: ByteBuffer(bytes: ramp(1000)))
    try server.receive(join(Wire.chunks(ProtocolControl.setChunkSize(128).message), Wire.chunks(picture)))
    #expect(server.media.map(\.body) == [picture.body])

    try server.receive(Wire.command("deleteStream", transaction: 0, ["alice"]))
    #expect(server.endedPublications == ["alice"])
    try server.receive(media())
    #expect(server.media.count == 1)
  }

  /// As librtmp: media in 128-byte chunks on chunk stream 4, with the commands.
  @Test func mediaMaySharesAChunkStreamWithCommands() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("createStream", transaction: 2, chunkStream: 4))
    try server.receive(Wire.command("publish", transaction: 3, ["alice", "live"], stream: 1, chunkStream: 4))
    let sound = Message(
      type: .audio, streamID: 1, timestamp: 20, chunkStream: 4, body: ByteBuffer(bytes: ramp(300)))
    try server.receive(Wire.chunks(sound))
    try server.receive(Wire.command("FCUnpublish", transaction: 4, ["alice"], chunkStream: 4))
    try server.receive(Wire.command("deleteStream", transaction: 5, [1], chunkStream: 4))
    #expect(server.media.map(\.body) == [sound.body])
    #expect(server.endedPublications == ["alice"])
  }

  @Test func keysInTheNameAreSeparatedFromIt() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("createStream", transaction: 2))
    try server.receive(Wire.command("publish", transaction: 3, ["alice?key=k1", "record"], stream: 1))
    let request = try #require(server.publishRequests.first)
    #expect(request.name == "alice")
    #expect(request.queryItems == [QueryItem(name: "key", value: "k1")])
    #expect(request.kind == .record)
    try server.receive(Wire.command("FCUnpublish", transaction: 0, ["alice?key=k1"]))
    #expect(server.endedPublications == ["alice"])
  }

  @Test func refusedPublishIsAnsweredAndThenClosed() throws {
    var server = try connectedServer()
    server.refusesPublish = true
    try server.receive(Wire.command("createStream", transaction: 2))
    _ = server.output()
    try server.receive(Wire.command("publish", transaction: 3, ["alice"], stream: 1))
    #expect(server.session.closesAfterOutput)
    let messages = try answers(&server)
    #expect(messages.first?.streamID == 1)
    let status = Status(try commands(messages).first?.arguments.first)
    #expect(status == Status(level: .error, code: .publishBadName, description: "taken"))
    #expect(server.endedPublications.isEmpty)
  }

  @Test func whatIsRefusedOnOneStreamLeavesThePublicationOnAnother() throws {
    var server = try publishingServer()
    server.refusesPublish = true
    try server.receive(Wire.command("createStream", transaction: 5))
    _ = server.output()
    try server.receive(
      join(
        try Wire.command("publish", transaction: 6, ["bob"], stream: 2),
        try Wire.command("publish", transaction: 7, ["carol"], stream: 9),
        try Wire.command("play", transaction: 8, ["dave"], stream: 9),
        try Wire.command("publish", transaction: 9, stream: 2), try Wire.command("play", transaction: 10, stream: 2)))
    let codes = try commands(try answers(&server)).map { Status($0.arguments.first)?.code }
    #expect(codes == [.publishBadName, .publishBadName, .playFailed, .publishBadName, .playFailed])
    #expect(!server.session.closesAfterOutput)
    #expect(server.endedPublications.isEmpty)
    let before = server.media.count
    try server.receive(
      Wire.chunks(Message(type: .audio, streamID: 1, chunkStream: 4, body: ByteBuffer(bytes: [0xAF, 1, 2]))))
    #expect(server.media.count == before + 1)
  }

  @Test func publishOnAStreamThatWasNotCreatedIsRefused() throws {
    var server = try connectedServer()
    try server.receive(Wire.command("publish", transaction: 3, ["alice"], stream: 5))
    #expect(server.publishRequests.isEmpty)
    #expect(server.session.closesAfterOutput)
    #expect(Status(try commands(try answers(&server)).first?.arguments.first)?.code == .publishBadName)
  }

  @Test func closeStreamEndsAndTheStreamMayPublishAgain() throws {
    var server = try publishingServer()
    try server.receive(Wire.command("closeStream", transaction: 0, stream: 1))
    #expect(server.endedPublications == ["alice"])
    #expect(Status(try commands(try answers(&server)).first?.arguments.first)?.code == .unpublishSuccess)
    try server.receive(Wire.command("publish", transaction: 0, ["bob"], stream: 1))
    try server.receive(Wire.command("publish", transaction: 0, [false], stream: 1))
    #expect(server.publishRequests.map(\.name) == ["alice", "bob"])
    #expect(server.endedPublications == ["alice", "bob"])
  }

  @Test func aClosedConnectionEndsItsPublications() throws {
    var server = try publishingServer()
    server.session.connectionClosed()
    server.drain()
    #expect(server.endedPublications == ["alice"])
  }

  @Test func mediaThatDoesNotWaitForConsentIsKept() throws {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
    var bytes = ByteBuffer(bytes: join(Wire.handshake, try Wire.connect()))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    session.acceptConnect()
    bytes = ByteBuffer(
      bytes: join(
        try Wire.command("createStream", transaction: 2), try Wire.command("publish", transaction: 0, ["a"], stream: 1),
        media(time: 5)))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    _ = session.next()
    _ = session.next()
    #expect(takeNext(&session) == nil)
    session.acceptPublish(streamID: 1)
    #expect(
      takeNext(&session)
        == .media(MediaMessage(kind: .audio, streamID: 1, timestamp: 5, body: ByteBuffer(bytes: [0x62, 1, 2]))))
    #expect(takeNext(&session) == nil)
  }

  @Test func emptyMediaAndMediaOfOtherStreamsAreDropped() throws {
    var server = try publishingServer()
    try server.receive(join(media(8, []), media(stream: 9), media(stream: 0), media(stream: .max)))
    #expect(server.media.isEmpty)
  }

  @Test(arguments: [0xFF_FFF0, 0xFFFF_FC18] as [UInt32])
  func timesGoOnPastBothWraps(start: UInt32) throws {
    var server = try publishingServer()
    for step in 0..<100 as Range<UInt32> { try server.receive(media(time: start &+ 20 &* step)) }
    #expect(server.media.map(\.timestamp) == (0..<100).map { Int64(start) + 20 * $0 })
  }

  @Test func audioAndVideoWrapTogether() throws {
    var server = try publishingServer()
    try server.receive(media(8, time: 0xFFFF_FFF0))
    try server.receive(media(9, time: 0x10))
    try server.receive(media(8, time: 0xFFFF_FFFF))
    #expect(server.media.map(\.timestamp) == [4_294_967_280, 4_294_967_312, 4_294_967_295])
  }

  @Test func aggregatesComeAsTheirParts() throws {
    var server = try publishingServer()
    let parts: [UInt8] = [
      8, 0, 0, 2, 0, 0, 7, 0, 0, 0, 0, 0x62, 1, 0, 0, 0, 13,
      9, 0, 0, 1, 0, 0, 47, 0, 0, 0, 0, 0x22, 0, 0, 0, 12,
      1, 0, 0, 4, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15,
    ]
    try server.receive(
      Wire.chunks(
        Message(type: .aggregate, streamID: 1, timestamp: 1000, chunkStream: 4, body: ByteBuffer(bytes: parts))))
    #expect(server.media.map(\.kind) == [.audio, .video])
    #expect(server.media.map(\.timestamp) == [1000, 1040])
  }

  @Test func sharedObjectMessagesArePassedOver() throws {
    var server = try publishingServer()
    for type in [16, 19] as [UInt8] {
      try server.receive(join(Wire.type0(5, time: 0, length: 3, type: type, stream: 0), [1, 2, 3]))
    }
    try server.receive(media())
    #expect(server.media.count == 1)
    #expect(server.output().isEmpty)
  }

  // MARK: Playing

  @Test func playCanBeRefused() throws {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
    var bytes = ByteBuffer(bytes: join(Wire.handshake, try Wire.connect()))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    session.acceptConnect()
    _ = session.next()
    // As a Flash Player: a whole URL as the name, SetBufferLength in the same segment.
    bytes = ByteBuffer(
      bytes: join(
        try Wire.command("createStream", transaction: 2),
        try Wire.command("play", transaction: 0, ["rtmp://h/live/bob?key=k", -2000], stream: 1, chunkStream: 8),
        Wire.chunks(UserControl.setBufferLength(stream: 1, milliseconds: 0).message)))
    try session.receive(&bytes, at: .uptimeNanoseconds(0))
    guard case .play(let request) = session.next() else {
      Issue.record("play is an event")
      return
    }
    #expect(request.name == "rtmp://h/live/bob")
    #expect(request.queryItems == [QueryItem(name: "key", value: "k")])
    #expect(request.start == -2000)
    _ = session.output()
    session.rejectPlay(streamID: 1, code: .playFailed, description: "later")
    let rest = session.output()
    var output = try #require(rest)
    var reader = ChunkReader(limits: .init())
    try reader.setChunkSize(4096)
    let read = try reader.read(&output)
    let message = try #require(read)
    #expect(
      Status(try Command(message)?.arguments.first)
        == Status(level: .error, code: .playFailed, description: "later"))
    #expect(!session.closesAfterOutput)
  }

  // MARK: The link

  @Test func bytesAreAcknowledgedByTheClientsWindow() throws {
    var server = try publishingServer()
    try server.receive(Wire.chunks(ProtocolControl.windowAcknowledgementSize(10_000).message))
    _ = server.output()
    let picture = Message(type: .video, streamID: 1, chunkStream: 6, body: ByteBuffer(bytes: ramp(12_000)))
    try server.receive(Wire.chunks(picture))
    let messages = try answers(&server)
    #expect(messages.count == 1)
    guard case .acknowledgement(let bytes) = try ProtocolControl(messages[0]) else {
      Issue.record("no acknowledgement")
      return
    }
    #expect(bytes > 12_000 + 3073 && bytes < 17_000)
    try server.receive(media())
    #expect(server.output().isEmpty)
  }

  @Test func pingsAreAnswered() throws {
    var server = try connectedServer()
    try server.receive(Wire.chunks(UserControl.pingRequest(77).message))
    #expect(try answers(&server).map { try UserControl($0) } == [.pingResponse(77)])
  }

  @Test func garbageInACommandEndsTheSession() throws {
    var server = try publishingServer()
    #expect(throws: RTMPError.self) {
      try server.receive(join(Wire.type0(3, time: 0, length: 3, type: 20, stream: 0), [0xFF, 1, 2]))
    }
    server.drain()
    #expect(server.endedPublications == ["alice"])
    #expect(server.session.closesAfterOutput)
  }

  // MARK: Limits

  @Test func streamsAreLimited() throws {
    var limits = RTMPLimits()
    limits.maximumStreams = 2
    var server = try connectedServer(limits: limits)
    try server.receive(Wire.command("createStream", transaction: 2))
    try server.receive(Wire.command("createStream", transaction: 3))
    try server.receive(Wire.command("deleteStream", transaction: 0, [1]))
    try server.receive(Wire.command("createStream", transaction: 4))
    #expect(try commands(try answers(&server)).map(\.arguments) == [[1], [2], [1]])
    // One too many is told, and what is there goes on.
    try server.receive(Wire.command("createStream", transaction: 5))
    let refusal = try #require(try commands(try answers(&server)).first)
    #expect(refusal.name == "_error" && refusal.transaction == 5)
    #expect(refusal.arguments.first?.objectValue?["code"] == .string("NetConnection.Call.Failed"))
    try server.receive(Wire.command("publish", transaction: 6, ["alice"], stream: 1))
    #expect(!server.session.closesAfterOutput)
  }

  @Test func eventsOfOneReadAreLimited() throws {
    var limits = RTMPLimits()
    limits.maximumQueuedEvents = 10
    var server = try connectedServer(limits: limits)
    try server.receive(Wire.command("createStream", transaction: 2))
    try server.receive(Wire.command("publish", transaction: 3, ["alice"], stream: 1))
    try server.receive((0..<10).flatMap { _ in media() })
    #expect(server.media.count == 10)
    #expect(throws: RTMPError.tooManyEvents(limit: 10)) { try server.receive((0..<11).flatMap { _ in media() }) }
  }

  @Test func unsentAnswersAreLimited() throws {
    var limits = RTMPLimits()
    limits.maximumQueuedOutput = 1000
    var server = try connectedServer(limits: limits)
    #expect(throws: RTMPError.self) {
      for transaction in 1...20 {
        try server.receive(Wire.command("unknown", transaction: Double(transaction)))
      }
    }
  }

  @Test func strangersMayNotSendLongMessages() throws {
    var limits = RTMPLimits()
    limits.maximumUnacceptedMessageLength = 500
    limits.maximumMessageLength = 1000
    var server = try shakenServer(limits: limits)
    #expect(throws: RTMPError.messageTooLong(length: 501, limit: 500)) {
      try server.receive(Wire.type0(3, time: 0, length: 501, type: 20, stream: 0))
    }
    server = try connectedServer(limits: limits)
    let longest = Message(type: .video, chunkStream: 6, body: ByteBuffer(bytes: ramp(1000)))
    try server.receive(Wire.chunks(longest))
    #expect(throws: RTMPError.messageTooLong(length: 1001, limit: 1000)) {
      try server.receive(Wire.type0(4, time: 0, length: 1001, type: 20, stream: 0))
    }
  }

  // MARK: Time

  @Test func handshakeAndConnectHaveATimeLimit() throws {
    for bytes in [[], [3], Wire.handshake] as [[UInt8]] {
      var server = ObligingServer()
      try server.receive(bytes)
      let deadline = try #require(server.session.deadline)
      #expect(deadline == .uptimeNanoseconds(10_000_000_000))
      try server.session.elapsed(at: deadline - .nanoseconds(1))
      #expect(throws: RTMPError.handshakeTimedOut(seconds: 10)) { try server.session.elapsed(at: deadline) }
      #expect(server.session.closesAfterOutput)
    }
  }

  @Test func aSilentClientIsPingedAndThenGivenUp() throws {
    var server = try connectedServer()
    #expect(server.session.deadline == .uptimeNanoseconds(20_000_000_000))
    try server.session.elapsed(at: .uptimeNanoseconds(20_000_000_000))
    #expect(try answers(&server).map { try UserControl($0) } == [.pingRequest(20_000)])
    #expect(server.session.deadline == .uptimeNanoseconds(40_000_000_000))

    server.now = .uptimeNanoseconds(30_000_000_000)
    try server.receive(Wire.chunks(UserControl.pingResponse(20_000).message))
    #expect(server.session.deadline == .uptimeNanoseconds(50_000_000_000))
    try server.session.elapsed(at: .uptimeNanoseconds(50_000_000_000))
    try server.session.elapsed(at: .uptimeNanoseconds(89_999_999_999))
    #expect(throws: RTMPError.idleTimedOut(seconds: 60)) {
      try server.session.elapsed(at: .uptimeNanoseconds(90_000_000_000))
    }
  }

  @Test func shutDownTellsTheClient() throws {
    var server = try publishingServer()
    server.session.shutDown(description: "restart")
    server.drain()
    #expect(server.endedPublications == ["alice"])
    #expect(server.session.closesAfterOutput)
    let messages = try answers(&server)
    #expect(messages.first?.streamID == 0)
    #expect(
      Status(try commands(messages).first?.arguments.first)
        == Status(level: .error, code: .connectAppShutdown, description: "restart"))
  }

  // `#expect` cannot call what mutates.
  private func takeNext(_ session: inout ServerSession) -> ServerSessionEvent? { session.next() }
  private func takeOutput(_ session: inout ServerSession) -> ByteBuffer? { session.output() }
}
