import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Edge
import Seeded

/// Broken requests by the thousand, always the same ones.
@Suite(.timeLimit(.minutes(2))) struct HTTPMutationTests {
  static let seeds: [[UInt8]] = [
    "GET /rooms/demo?key=a%20b&x=1 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nCookie: a=b\r\n\r\n",
    "POST /whep/demo/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 12\r\n\r\nv=0\r\no=- 1 1\n",
    "POST /open/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    "GET http://x:80/a/../b HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /c HTTP/1.1\r\nHost: y\r\n\r\n",
    WebSocketTestChannel.request,
    "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabcDELETE /d HTTP/1.1\r\nHost: x\r\n\r\n",
  ].map { Array($0.utf8) }

  /// The decoder and our reader, with everything they bring forth.
  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    var reader: HTTPRequestReader
    private(set) var requests: [HTTPServerRequest] = []
    private(set) var problems: [ProblemDocument] = []

    init(limits: HTTPLimits) {
      reader = HTTPRequestReader(limits: limits, origin: .init())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      keep(reader.receive(unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      keep(reader.fail(HTTPRequestReader.problem(for: error)))
    }

    private func keep(_ output: HTTPRequestReader.Output?) {
      switch output {
      case .request(let received): requests.append(received.request)
      case .failure(let problem): problems.append(problem)
      case .continueExpected, nil: break
      }
    }
  }

  @Test func mutatedRequestsNeverBringForthAnUnsafeOne() throws {
    var random = SeededGenerator(seed: 0x48545450)
    var limits = HTTPLimits()
    limits.bodyBytes = 10
    var whole = 0
    var refused = 0
    for round in 0..<10_000 {
      let bytes = random.mutate(Self.seeds[round % Self.seeds.count])
      let channel = EmbeddedChannel()
      let collector = Collector(limits: limits)
      try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(HTTPRequestDecoder()), collector])
      for piece in random.cut(bytes) { _ = try? channel.writeInbound(piece) }
      #expect(collector.problems.count <= 1)
      for request in collector.requests {
        #expect(request.body.readableBytes <= limits.bodyBytes)
        #expect(request.target.segments.dropLast().allSatisfy { !$0.isEmpty })
        #expect(!request.target.segments.isEmpty)
        for segment in request.target.segments {
          #expect(segment != "." && segment != ".." && !segment.contains("/") && !segment.contains("\\"))
        }
      }
      whole += collector.requests.count
      refused += collector.problems.count
      _ = try? channel.finish(acceptAlreadyClosed: true)
    }
    // Both kinds were met in plenty.
    #expect(whole > 2000)
    #expect(refused > 2000)
  }

  @Test func wholeStackAnswersOrWaitsButNeverCrashes() async throws {
    var random = SeededGenerator(seed: 0x5354_4143)
    var answers = 0
    for round in 0..<1000 {
      let bytes = random.mutate(Self.seeds[round % Self.seeds.count])
      let http = try await HTTPTestChannel { request in
        request.asksForWebSocket
          ? .webSocket(WebSocketTestChannel.Service(body: WebSocketTestChannel.echo)) : .text(request.path)
      }
      for piece in random.cut(bytes) { _ = try? await http.channel.writeInbound(piece) }
      // Whatever waits for more is ended by its time-out; the answer has come before.
      while http.channel.isActive { await http.advance(.seconds(60)) }
      while let written = try await http.channel.readOutbound(as: ByteBuffer.self) {
        if String(buffer: written).hasPrefix("HTTP/1.1 ") { answers += 1 }
      }
    }
    #expect(answers >= 1000)
  }
}
