import AMF
import NIOCore
import Testing

@testable import RTMP
import Seeded

/// Client and server session against each other.
@Suite("Conversation")
struct ConversationTests {
  private static let sound = ramp(700)
  private static let picture = ramp(9000, from: 3)
  private static let metadata: AMFValue = ["width": 64, "height": 48]

  /// A whole visit of a publisher.
  private func visit(
    handshake: ClientSession.HandshakeKind, chunkSize: UInt32, split: Int
  ) throws -> Conversation {
    var conversation = Conversation(handshake: handshake, chunkSize: chunkSize, split: split)
    try conversation.publish()
    try conversation.client.sendMetadata(Self.metadata, streamID: 1)
    for (kind, time, body) in [
      (MediaMessage.Kind.audio, 0xFF_FFF0, Self.sound), (.video, 0xFF_FFFF, Self.picture),
      (.audio, 0x100_0010, Self.sound),
    ] {
      conversation.client.send(
        MediaMessage(kind: kind, streamID: 1, timestamp: Int64(time), body: ByteBuffer(bytes: body)))
    }
    try conversation.exchange()
    try conversation.client.unpublish("alice", streamID: 1)
    try conversation.exchange()
    return conversation
  }

  private func check(_ conversation: Conversation) {
    #expect(conversation.statuses.map(\.code) == [.publishStart, .unpublishSuccess])
    #expect(conversation.clientEvents.contains(.streamCreated(1)))
    #expect(conversation.clientEvents.contains(.notice(name: "onBWDone", [])))
    let server = conversation.server
    #expect(server.connectRequest?.app == "live/demo")
    #expect(server.publishRequests.map(\.name) == ["alice"])
    #expect(server.events.contains(.metadata(streamID: 1, Self.metadata)))
    let media = server.media.filter { $0.kind != .data }
    #expect(media.map(\.kind) == [.audio, .video, .audio])
    #expect(media.map(\.timestamp) == [0xFF_FFF0, 0xFF_FFFF, 0x100_0010])
    #expect(media.map { Array($0.body.readableBytesView) } == [Self.sound, Self.picture, Self.sound])
    #expect(server.endedPublications == ["alice"])
  }

  @Test(
    arguments: ClientSession.HandshakeKind.allCases,
    [1, 2, 3, 5, 7, 11, 12, 13, 127, 128, 129, 1536, 1537, 4095, 4096, 4097, .max])
  func aVisitSurvivesEverySplit(handshake: ClientSession.HandshakeKind, split: Int) throws {
    check(try visit(handshake: handshake, chunkSize: 4096, split: split))
  }

  @Test(arguments: [127, 128, 129, 1000, 4096, 65_536] as [UInt32], [1, 13, .max])
  func aVisitSurvivesEveryChunkSize(chunkSize: UInt32, split: Int) throws {
    check(try visit(handshake: .plain, chunkSize: chunkSize, split: split))
  }

  /// The whole visit in two pieces, at each place from the end of the handshake on.
  @Test func aVisitSurvivesACutAnywhere() throws {
    let bytes = try visit(handshake: .plain, chunkSize: 128, split: .max).sent
    var whole = ObligingServer()
    try whole.receive(bytes)
    for cut in 3073..<bytes.count {
      var server = ObligingServer()
      try server.receive(bytes[..<cut])
      try server.receive(bytes[cut...])
      if server.events != whole.events {
        Issue.record("cut at \(cut) changes what is read")
        return
      }
    }
  }

  @Test func aPlayerIsServed() throws {
    var conversation = Conversation(split: 100)
    try conversation.exchange()
    try conversation.client.createStream()
    try conversation.exchange()
    try conversation.client.play("bob", streamID: 1)
    try conversation.exchange()
    #expect(conversation.statuses.map(\.code) == [.playReset, .playStart])
    let message = MediaMessage(
      kind: .video, streamID: 1, timestamp: 0x1_0000_0005, body: ByteBuffer(bytes: Self.picture))
    conversation.server.session.send(message)
    conversation.server.session.send(
      MediaMessage(kind: .audio, streamID: 2, timestamp: 0, body: ByteBuffer(bytes: Self.sound)))
    try conversation.exchange()
    let received = conversation.clientEvents.compactMap { if case .media(let media) = $0 { media } else { nil } }
    #expect(received.map(\.body) == [message.body])
    #expect(received.map(\.timestamp) == [5])
  }

  @Test func aRefusedClientHearsWhy() throws {
    var conversation = Conversation()
    conversation.server.refusesConnect = true
    try conversation.exchange()
    #expect(
      conversation.clientEvents == [
        .connectRefused(Status(level: .error, code: .connectRejected, description: "no"))
      ])
    #expect(conversation.client.closesAfterOutput)
  }

  @Test func failedCallsAreNamed() throws {
    var conversation = Conversation()
    try conversation.exchange()
    try conversation.client.call("nonsense", [1, "x"])
    try conversation.client.call("getStreamLength", ["x"])
    try conversation.client.call("checkBandwidth")
    try conversation.exchange()
    let results = conversation.clientEvents.compactMap { event -> String? in
      switch event {
      case .callFailed(let call, let status): "\(call) \(status?.code.rawValue ?? "")"
      case .result(let call, let values): "\(call) \(values.count)"
      case .notice(let name, let values): "\(name) \(values.count)"
      default: nil
      }
    }
    #expect(
      results == [
        "onBWDone 0", "nonsense NetConnection.Call.Failed", "getStreamLength 1", "checkBandwidth 1", "onBWDone 4",
      ])
  }

  @Test func aServerThatDoesNotAnswerIsGivenUp() throws {
    var random = SeededGenerator(seed: 1)
    var client = ClientSession(
      connect: ConnectParameters(app: "a", tcUrl: "rtmp://h/a"), random: &random, now: .uptimeNanoseconds(0))
    let deadline = try #require(client.deadline)
    try client.elapsed(at: deadline - .nanoseconds(1))
    #expect(throws: RTMPError.handshakeTimedOut(seconds: 10)) { try client.elapsed(at: deadline) }
  }
}
