import HTTPTypes
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Edge

@Suite(.timeLimit(.minutes(4))) struct WebSocketTests {
  private typealias Frame = WebSocketTestChannel.Frame

  @Test func upgradeIsAnsweredWithTheKeyOfTheStandard() async throws {
    var http = try await HTTPTestChannel { request in
      #expect(request.asksForWebSocket)
      return .webSocket(WebSocketTestChannel.Service { _ in }, subprotocol: "room.v1")
    }
    try await http.send(WebSocketTestChannel.request)
    let head = try await http.head()
    #expect(head.status == 101)
    // RFC 6455, section 1.3.
    #expect(head.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(head.fields["upgrade"] == "websocket")
    #expect(head.fields["connection"]?.lowercased() == "upgrade")
    #expect(head.fields["sec-websocket-protocol"] == "room.v1")
    #expect(head.fields["content-length"] == nil)
  }

  @Test(arguments: [
    ("Upgrade: websocket\r\n", "", 426),
    ("keep-alive, Upgrade", "close", 426),
    ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
    ("Sec-WebSocket-Version: 13\r\n", "", 426),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", 400),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBs*SBub25jZQ==", 400),
    ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
    ("GET /signal", "POST /signal", 426),
    ("HTTP/1.1", "HTTP/1.0", 426),
  ])
  func brokenHandshakeIsRefused(part: String, replacement: String, status: Int) async throws {
    var http = try await HTTPTestChannel { _ in .webSocket(WebSocketTestChannel.Service { _ in }) }
    let parts = WebSocketTestChannel.request.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    try await http.send(parts.joined(separator: replacement))
    let answer = try await http.answer()
    #expect(answer.status == status)
    #expect(answer.fields["content-type"] == "application/problem+json")
    if status == 426 { #expect(answer.fields["upgrade"] == "websocket") }
  }

  @Test func responderMayRefuseTheUpgrade() async throws {
    var http = try await HTTPTestChannel { _ in ProblemDocument(status: .forbidden).response() }
    try await http.send(WebSocketTestChannel.request)
    #expect(try await http.answer().status == 403)
    try await http.closed()
  }

  @Test func messageIsEchoed() async throws {
    var socket = try await WebSocketTestChannel()
    // RFC 6455, section 5.7: "Hello", masked.
    try await socket.http.send([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
    #expect(try await socket.receive() == Frame.text("Hello"))
    try await socket.send(.text(""))
    #expect(try await socket.receive() == Frame.text(""))
    let long = String(repeating: "ä€", count: 20_000)
    try await socket.send(.text(long))
    #expect(try await socket.receive() == Frame.text(long))
  }

  @Test func framesBehindTheRequestAreNotLost() async throws {
    var socket = try await WebSocketTestChannel(behindRequest: WebSocketTestChannel.frame(0x81, Array("early".utf8)))
    #expect(try await socket.receive() == Frame.text("early"))
  }

  @Test func everySplitOfAMessageGivesTheSame() async throws {
    let fragments =
      WebSocketTestChannel.frame(0x01, Array("Grüße".utf8.prefix(3)))
      + WebSocketTestChannel.frame(0x89, Array("p".utf8))
      + WebSocketTestChannel.frame(0x80, Array("Grüße".utf8.dropFirst(3)))
    for split in 0...fragments.count {
      var socket = try await WebSocketTestChannel()
      try await socket.http.send(fragments.prefix(split))
      try await socket.http.send(fragments.dropFirst(split))
      #expect(try await socket.receive() == Frame(firstByte: 0x8A, payload: Array("p".utf8)))
      #expect(try await socket.receive() == Frame.text("Grüße"))
    }
    var socket = try await WebSocketTestChannel()
    for byte in fragments { try await socket.http.send([byte]) }
    #expect(try await socket.receive().firstByte == 0x8A)
    #expect(try await socket.receive() == Frame.text("Grüße"))
  }

  private static let violations: [(name: String, bytes: [UInt8], code: UInt16)] = [
    ("not masked", WebSocketTestChannel.frame(0x81, [0x61], mask: nil), 1002),
    ("rsv1", WebSocketTestChannel.frame(0xC1, [0x61]), 1002),
    ("rsv3", WebSocketTestChannel.frame(0x91, [0x61]), 1002),
    ("opcode 3", WebSocketTestChannel.frame(0x83, []), 1002),
    ("opcode 11", WebSocketTestChannel.frame(0x8B, []), 1002),
    ("binary", WebSocketTestChannel.frame(0x82, [1]), 1003),
    ("continuation of nothing", WebSocketTestChannel.frame(0x80, [0x61]), 1002),
    (
      "text inside text", WebSocketTestChannel.frame(0x01, [0x61]) + WebSocketTestChannel.frame(0x81, [0x61]), 1002
    ),
    ("not UTF-8", WebSocketTestChannel.frame(0x81, [0xC0, 0xAF]), 1007),
    ("surrogate", WebSocketTestChannel.frame(0x81, [0xED, 0xA0, 0x80]), 1007),
    ("half a character", WebSocketTestChannel.frame(0x81, [0xC3]), 1007),
    ("fragmented ping", WebSocketTestChannel.frame(0x09, []), 1002),
    ("long ping", WebSocketTestChannel.frame(0x89, Array(repeating: 0, count: 126)), 1002),
    ("close of one byte", WebSocketTestChannel.frame(0x88, [3]), 1002),
    ("close 1005", WebSocketTestChannel.frame(0x88, [0x03, 0xED]), 1002),
    ("close 999", WebSocketTestChannel.frame(0x88, [0x03, 0xE7]), 1002),
    ("close 5000", WebSocketTestChannel.frame(0x88, [0x13, 0x88]), 1002),
    ("close, reason not UTF-8", WebSocketTestChannel.frame(0x88, [0x03, 0xE8, 0xFF]), 1007),
    ("frame above the limit", [0x81, 0xFF, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0], 1009),
    ("frame of 2^63 bytes", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
  ]

  @Test(arguments: violations)
  func brokenRuleClosesWithItsCode(name: String, bytes: [UInt8], code: UInt16) async throws {
    var socket = try await WebSocketTestChannel()
    try await socket.http.send(bytes)
    let frame = try await socket.receive()
    #expect(frame.firstByte == 0x88)
    #expect(Array(frame.payload.prefix(2)) == [UInt8(code >> 8), UInt8(code & 0xFF)])
    #expect(frame.payload.count > 2 && frame.payload.count <= 125)
    // The peer does not answer: the wait for it is bounded.
    await socket.http.advance(.seconds(5))
    try await socket.http.closed()
  }

  @Test func messageAtTheLimitPassesAndOneByteMoreDoesNot() async throws {
    var limits = WebSocketLimits()
    limits.messageBytes = 200
    for fragments in [1, 4] {
      for (count, first) in [(200, UInt8(0x81)), (204, 0x88)] {
        var socket = try await WebSocketTestChannel(limits: limits)
        let piece = Array(repeating: UInt8(0x61), count: count / fragments)
        for index in 0..<fragments {
          let opcode: UInt8 = (index == 0 ? 0x01 : 0x00) | (index == fragments - 1 ? 0x80 : 0)
          try await socket.http.send(WebSocketTestChannel.frame(opcode, piece))
        }
        let frame = try await socket.receive()
        #expect(frame.firstByte == first)
        if first == 0x88 { #expect(Array(frame.payload.prefix(2)) == [0x03, 0xF1]) }
      }
    }
  }

  @Test func peersCloseIsAnsweredAndTheServiceEnds() async throws {
    let (closures, ended) = AsyncStream<WebSocketClosure?>.makeStream()
    var socket = try await WebSocketTestChannel { socket in
      for await _ in socket.messages {}
      ended.yield(socket.closure)
    }
    try await socket.send(.close(3001, "bye"))
    #expect(try await socket.receive() == Frame.close(3001))
    try await socket.http.closed()
    for await closure in closures {
      #expect(closure == WebSocketClosure(code: .init(rawValue: 3001), reason: "bye", isByPeer: true))
      break
    }
  }

  @Test func serviceThatReturnsClosesNormallyAfterWhatItSent() async throws {
    var socket = try await WebSocketTestChannel { socket in
      try? socket.send("one")
      try? socket.send("two")
    }
    #expect(try await socket.receive() == Frame.text("one"))
    #expect(try await socket.receive() == Frame.text("two"))
    #expect(try await socket.receive() == Frame.close(1000))
    try await socket.send(.close(1000))
    try await socket.http.closed()
  }

  @Test func closeByTheServiceCarriesCodeAndReasonAndWaitsOnlySoLong() async throws {
    let outcomes = Mutex<[WebSocketSendError]>([])
    var socket = try await WebSocketTestChannel { socket in
      socket.close(.policyViolation, reason: String(repeating: "ü", count: 100))
      do throws(WebSocketSendError) { try socket.send("late") } catch { outcomes.withLock { $0.append(error) } }
    }
    let frame = try await socket.receive()
    // 61 whole characters fit into the 123 bytes.
    #expect(frame == Frame.close(1008, String(repeating: "ü", count: 61)))
    await socket.http.advance(.milliseconds(4999))
    #expect(socket.http.channel.isActive)
    await socket.http.advance(.milliseconds(1))
    try await socket.http.closed()
    #expect(outcomes.withLock { $0 } == [.closed])
  }

  @Test func deadPeerIsClosedAfterTwoMissedPongs() async throws {
    let (closures, ended) = AsyncStream<WebSocketClosure?>.makeStream()
    var socket = try await WebSocketTestChannel { socket in
      for await _ in socket.messages {}
      ended.yield(socket.closure)
    }
    for _ in 0..<2 {
      await socket.http.advance(.seconds(15))
      #expect(try await socket.receive() == Frame(firstByte: 0x89, payload: []))
    }
    #expect(socket.http.channel.isActive)
    await socket.http.advance(.seconds(15))
    try await socket.http.closed()
    for await closure in closures {
      #expect(closure?.code == .abnormal)
      break
    }
  }

  @Test func answeredPingsKeepTheSocketOpen() async throws {
    var socket = try await WebSocketTestChannel()
    for _ in 0..<10 {
      await socket.http.advance(.seconds(15))
      #expect(try await socket.receive() == Frame(firstByte: 0x89, payload: []))
      try await socket.send(Frame(firstByte: 0x8A, payload: []))
    }
    try await socket.send(.text("still here"))
    #expect(try await socket.receive() == Frame.text("still here"))
  }

  @Test func outboundQueueIsBoundedInBytes() async throws {
    var limits = WebSocketLimits()
    limits.outboundBytes = 1000
    // No handler takes anything off the queue.
    let channel = NIOAsyncTestingChannel()
    let new = WebSocketMessages.Producer.makeSequence(
      elementType: String.self, backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2), finishOnDeinit: true,
      delegate: WebSocketDemand(channel: channel))
    let connection = WebSocketConnection(
      channel: channel, limits: limits, messages: WebSocketMessages(base: new.sequence))
    var errors: [WebSocketSendError?] = []
    // Each message counts with ten bytes for its frame.
    for size in [490, 490, 1, 1] {
      do throws(WebSocketSendError) {
        try connection.send(String(repeating: "x", count: size))
        errors.append(nil)
      } catch {
        errors.append(error)
      }
    }
    #expect(errors == [nil, nil, .tooSlow, .closed])
    #expect(connection.closure?.code == .tryAgainLater)
    new.source.finish()
  }

  @Test func readingPausesWhileTheServiceIsBehind() async throws {
    var limits = WebSocketLimits()
    limits.waitingMessages = 4
    let (gate, open) = AsyncStream<Void>.makeStream()
    var socket = try await WebSocketTestChannel(limits: limits) { socket in
      for await _ in gate { break }
      for await message in socket.messages { try? socket.send(message) }
    }
    let reads = ReadCounter()
    let channel = socket.http.channel
    try await channel.testingEventLoop.executeInContext {
      try channel.pipeline.syncOperations.addHandler(reads.handler(), position: .first)
    }
    for index in 0..<4 { try await socket.send(.text("\(index)")) }
    let before = reads.count
    channel.read()
    await channel.testingEventLoop.run()
    #expect(reads.count == before)
    open.yield()
    for index in 0..<4 { #expect(try await socket.receive() == Frame.text("\(index)")) }
    await channel.testingEventLoop.run()
    #expect(reads.count == before + 1)
  }

  /// Counts the reads that reach the transport.
  private final class ReadCounter: Sendable {
    private let reads = Atomic<Int>(0)

    var count: Int { reads.load(ordering: .sequentiallyConsistent) }

    final class Handler: ChannelOutboundHandler {
      typealias OutboundIn = Never
      let counter: ReadCounter

      init(counter: ReadCounter) { self.counter = counter }

      func read(context: ChannelHandlerContext) {
        counter.reads.add(1, ordering: .sequentiallyConsistent)
        context.read()
      }
    }

    func handler() -> Handler { Handler(counter: self) }
  }
}
