import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import Edge
import Seeded

/// Broken frames by the thousand, always the same ones.
@Suite(.timeLimit(.minutes(2))) struct WebSocketMutationTests {
  static let seeds: [[UInt8]] = [
    WebSocketTestChannel.frame(0x81, Array("{\"type\":\"hello\"}".utf8)),
    WebSocketTestChannel.frame(0x01, Array("Grü".utf8)) + WebSocketTestChannel.frame(0x80, Array("ße".utf8)),
    WebSocketTestChannel.frame(0x89, [1, 2, 3]) + WebSocketTestChannel.frame(0x8A, []),
    WebSocketTestChannel.frame(0x81, Array(repeating: 0x61, count: 300)),
    WebSocketTestChannel.frame(0x88, [0x03, 0xE8] + Array("bye".utf8)),
  ]

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    private var assembler = WebSocketAssembler(messageBytes: 320)
    private(set) var received: [WebSocketAssembler.Received] = []
    private(set) var failures = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard failures == 0 else { return }
      do {
        if let whole = try assembler.receive(unwrapInboundIn(data)) { received.append(whole) }
      } catch {
        failures += 1
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { failures += 1 }
  }

  @Test func mutatedFramesBringForthOnlyBoundedMessages() throws {
    var random = SeededGenerator(seed: 0x5753)
    var whole = 0
    var refused = 0
    for round in 0..<10_000 {
      let channel = EmbeddedChannel()
      let collector = Collector()
      let decoder = WebSocketFrameDecoder(maxFrameSize: 320)
      try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), collector])
      for piece in random.cut(random.mutate(Self.seeds[round % Self.seeds.count])) {
        _ = try? channel.writeInbound(piece)
      }
      for received in collector.received {
        switch received {
        case .text(let text): #expect(text.utf8.count <= 320)
        case .ping(let payload): #expect(payload.readableBytes <= 125)
        case .close(let code, let reason):
          #expect(code == .noStatus || code.isAllowedOnTheWire)
          #expect(reason.utf8.count <= 123)
        case .pong: break
        }
      }
      whole += collector.received.count
      refused += collector.failures > 0 ? 1 : 0
      _ = try? channel.finish(acceptAlreadyClosed: true)
    }
    #expect(whole > 2000)
    #expect(refused > 2000)
  }

  @Test func wholeStackSurvivesMutatedFrames() async throws {
    var random = SeededGenerator(seed: 0x5746)
    for round in 0..<500 {
      let socket = try await WebSocketTestChannel()
      for piece in random.cut(random.mutate(Self.seeds[round % Self.seeds.count])) {
        _ = try? await socket.http.channel.writeInbound(piece)
      }
      var minutes = 0
      // Nobody answers pings or close frames any more.
      while socket.http.channel.isActive, minutes < 3 {
        await socket.http.advance(.seconds(60))
        minutes += 1
      }
      #expect(!socket.http.channel.isActive)
    }
  }
}
