import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import Edge

@Suite(.timeLimit(.minutes(4))) struct HTTPConnectionTests {
  private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func requestIsAnsweredWithLengthAndDateAndConnectionStays() async throws {
    var http = try await HTTPTestChannel()
    for _ in 0..<2 {
      try await http.send(get)
      let answer = try await http.answer()
      #expect(answer.status == 200)
      #expect(answer.body == "GET /a ")
      #expect(answer.fields["content-length"] == "7")
      #expect(answer.fields["connection"] == nil)
      #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
      #expect(answer.fields["content-type"] == "text/plain; charset=utf-8")
    }
  }

  @Test func requestComesByteByByte() async throws {
    var http = try await HTTPTestChannel()
    for byte in "POST /p?q=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc".utf8 { try await http.send([byte]) }
    #expect(try await http.answer().body == "POST /p abc")
  }

  @Test func chunkedBodyIsPutTogether() async throws {
    var http = try await HTTPTestChannel()
    try await http.send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    #expect(try await http.answer().body == "POST / abcde")
  }

  @Test func pipelinedRequestsAreAnsweredInOrderOneAtATime() async throws {
    let running = Atomic<Int>(0)
    var http = try await HTTPTestChannel { request in
      let (_, now) = running.add(1, ordering: .relaxed)
      await Task.yield()
      running.subtract(1, ordering: .relaxed)
      return .text("\(request.path) \(now)")
    }
    try await http.send((1...20).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
    for number in 1...20 { #expect(try await http.answer().body == "/\(number) 1") }
  }

  @Test func onlySoManyRequestsWaitBehindOne() async throws {
    var limits = HTTPLimits()
    limits.pipelinedRequests = 3
    var http = try await HTTPTestChannel(limits: limits)
    // One is being answered, three wait, the fifth is one too many and still in order.
    try await http.send(String(repeating: get, count: 7))
    var statuses: [Int] = []
    for _ in 0..<6 { statuses.append(try await http.answer().status) }
    #expect(statuses == [200, 200, 200, 200, 200, 429])
    try await http.closed()
  }

  @Test func headIsAnsweredWithoutBody() async throws {
    var http = try await HTTPTestChannel { _ in .text("twelve bytes") }
    try await http.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get)
    #expect(try await http.answer(toHead: true).fields["content-length"] == "12")
    #expect(try await http.answer().body == "twelve bytes")
  }

  @Test(arguments: [204, 304]) func statusWithoutBodyHasNoLength(code: Int) async throws {
    var http = try await HTTPTestChannel { _ in
      HTTPServerResponse(status: .init(code: code), body: ByteBuffer(string: "never sent"))
    }
    try await http.send(get)
    let answer = try await http.answer()
    #expect(answer.fields["content-length"] == nil)
    #expect(answer.fields["transfer-encoding"] == nil)
    try await http.send(get)
    #expect(try await http.head().status == code)
  }

  @Test func clientMayAskToClose() async throws {
    var http = try await HTTPTestChannel()
    try await http.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(try await http.answer().fields["connection"] == "close")
    try await http.closed()
  }

  @Test func http10ClosesUnlessAskedToKeep() async throws {
    var http = try await HTTPTestChannel()
    try await http.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(try await http.answer().fields["connection"] == "keep-alive")
    try await http.send("GET / HTTP/1.0\r\n\r\n")
    #expect(try await http.answer().fields["connection"] == "close")
    try await http.closed()
  }

  @Test func continueIsSentBeforeTheBody() async throws {
    var http = try await HTTPTestChannel()
    try await http.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(try await http.head().status == 100)
    try await http.send("hi")
    #expect(try await http.answer().body == "POST / hi")
  }

  @Test func continueOfAPipelinedRequestWaitsForTheAnswerBefore() async throws {
    var http = try await HTTPTestChannel()
    try await http.send(get + "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(try await http.answer().status == 200)
    #expect(try await http.head().status == 100)
    try await http.send("hi")
    #expect(try await http.answer().body == "POST / hi")
  }

  @Test(arguments: [
    ("GARBAGE\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
    ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET /../etc HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n", 417),
    ("GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 20_000) + "\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 100_000), 431),
  ])
  func brokenRequestIsAnsweredWithAProblemAndTheConnectionEnds(request: String, status: Int) async throws {
    var http = try await HTTPTestChannel()
    try await http.send(request)
    let answer = try await http.answer()
    #expect(answer.status == status)
    #expect(answer.fields["content-type"] == "application/problem+json")
    #expect(answer.fields["connection"] == "close")
    #expect(answer.body.contains("\"status\":\(status)"))
    try await http.closed()
  }

  @Test func bodyAtTheLimitPassesAndOneByteMoreDoesNot() async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 10
    for (count, status) in [(10, 200), (11, 413)] {
      var whole = try await HTTPTestChannel(limits: limits)
      try await whole.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n")
      try await whole.send(String(repeating: "b", count: count))
      #expect(try await whole.answer().status == status)
      var chunked = try await HTTPTestChannel(limits: limits)
      try await chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<count { try await chunked.send("1\r\nb\r\n") }
      try await chunked.send("0\r\n\r\n")
      #expect(try await chunked.answer().status == status)
    }
  }

  @Test func fieldsAtTheLimitPass() async throws {
    var http = try await HTTPTestChannel()
    try await http.send("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 99) + "\r\n")
    #expect(try await http.answer().status == 200)
  }

  @Test func errorBehindAGoodRequestIsAnsweredAfterIt() async throws {
    var http = try await HTTPTestChannel()
    try await http.send(get + "NONSENSE\r\n\r\n")
    #expect(try await http.answer().status == 200)
    #expect(try await http.answer().status == 400)
    try await http.closed()
  }

  @Test func silentConnectionIsClosedWithoutAnswer() async throws {
    let http = try await HTTPTestChannel()
    await http.advance(.seconds(10))
    try await http.closed()
    #expect(try await http.channel.readOutbound(as: ByteBuffer.self) == nil)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHo", TimeAmount.seconds(10)),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", .seconds(30)),
  ])
  func slowRequestIsAnswered408(beginning: String, timeout: TimeAmount) async throws {
    var http = try await HTTPTestChannel()
    for byte in beginning.utf8 { try await http.send([byte]) }
    await http.advance(timeout - .milliseconds(1))
    #expect(http.channel.isActive)
    await http.advance(.milliseconds(1))
    #expect(try await http.answer().status == 408)
    try await http.closed()
  }

  @Test func keptConnectionMayIdleButNotForEver() async throws {
    var http = try await HTTPTestChannel()
    try await http.send(get)
    _ = try await http.answer()
    await http.advance(.seconds(59))
    try await http.send(get)
    _ = try await http.answer()
    try await http.send("G")
    await http.advance(.seconds(10))
    #expect(try await http.answer().status == 408)
  }

  @Test func idleConnectionIsClosed() async throws {
    var http = try await HTTPTestChannel()
    try await http.send(get)
    _ = try await http.answer()
    // The write's completion runs on the loop before this.
    await http.advance(.seconds(60))
    try await http.closed()
  }

  @Test func responderThatTakesTooLongIsCancelledAndAnswered503() async throws {
    let (started, start) = AsyncStream<Void>.makeStream()
    let (cancelled, cancel) = AsyncStream<Void>.makeStream()
    var http = try await HTTPTestChannel { _ in
      start.yield()
      try? await Task.sleep(for: .seconds(3600))
      cancel.yield()
      return .text("late")
    }
    try await http.send(get)
    for await _ in started { break }
    await http.advance(.seconds(30))
    #expect(try await http.answer().status == 503)
    for await _ in cancelled { break }
  }

  @Test func responderIsCancelledWhenTheClientLeaves() async throws {
    let (started, start) = AsyncStream<Void>.makeStream()
    let (cancelled, cancel) = AsyncStream<Void>.makeStream()
    let http = try await HTTPTestChannel { _ in
      start.yield()
      try? await Task.sleep(for: .seconds(3600))
      cancel.yield()
      return .text("nobody there")
    }
    try await http.send(get)
    for await _ in started { break }
    try await http.channel.close().get()
    for await _ in cancelled { break }
  }

  @Test func drainClosesAnIdleConnectionAndEndsABusyOneAfterItsAnswer() async throws {
    let idle = try await HTTPTestChannel()
    idle.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
    try await idle.closed()

    let (gate, open) = AsyncStream<Void>.makeStream()
    let (started, start) = AsyncStream<Void>.makeStream()
    var busy = try await HTTPTestChannel { _ in
      start.yield()
      for await _ in gate { break }
      return .text("done")
    }
    try await busy.send(get)
    for await _ in started { break }
    busy.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
    open.yield()
    let answer = try await busy.answer()
    #expect(answer.body == "done")
    #expect(answer.fields["connection"] == "close")
    try await busy.closed()
  }

  @Test func ignoredUpgradeIsAnsweredAndTheConnectionEnds() async throws {
    var http = try await HTTPTestChannel()
    try await http.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")
    let answer = try await http.answer()
    #expect(answer.status == 200)
    #expect(answer.fields["connection"] == "close")
    try await http.closed()
  }

  @Test func responderCannotBreakTheFraming() async throws {
    var http = try await HTTPTestChannel { _ in
      HTTPServerResponse(
        status: .ok, fields: [.contentLength: "3", .transferEncoding: "chunked", .connection: "upgrade"],
        body: ByteBuffer(string: "12345"))
    }
    try await http.send(get)
    let answer = try await http.answer()
    #expect(answer.body == "12345")
    #expect(answer.fields["transfer-encoding"] == nil)
    #expect(answer.fields["connection"] == nil)
  }
}
