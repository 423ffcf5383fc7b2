import NIOCore
import NIOHTTP1
import Synchronization

/// Requests to one server, over one connection for as long as it is kept open. Lives in one task.
final class HTTPLine {
  private let visit: Visit
  private var connection: Connection?
  private var connections = 0
  private var requests = 0
  /// What proxies have said of themselves, in the order in which it was first seen.
  private var remarks: [String] = []

  /// Fields by which proxies show themselves.
  private static let telling = ["Via", "X-Cache", "X-Forwarded-For", "X-Forwarded-Server", "Proxy-Connection", "Age"]
  /// What an answer takes longer than a round trip, in milliseconds, before somebody on the way must be holding it.
  private static let patience = 100.0

  private struct Connection {
    let channel: any Channel
    let answers: AnswerHandler
  }

  init(_ visit: Visit) { self.visit = visit }

  /// Asks, and waits for the whole answer.
  func post(_ path: String, _ body: ByteBuffer) async throws -> NIOHTTPClientResponseFull {
    let connection = try await open()
    requests += 1
    var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
    head.headers = [
      "Host": visit.url.host, "Content-Type": "application/x-fcs", "Content-Length": "\(body.readableBytes)",
      "User-Agent": "Shockwave Flash", "Connection": "Keep-Alive", "Cache-Control": "no-cache",
    ]
    let promise = connection.channel.eventLoop.makePromise(of: NIOHTTPClientResponseFull.self)
    connection.answers.awaits(promise)
    connection.channel.write(HTTPClientRequestPart.head(head), promise: nil)
    connection.channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
    connection.channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    let answer = try await promise.futureResult.get()
    note(answer.head)
    if !answer.head.isKeepAlive { hangUp() }
    return answer
  }

  func hangUp() {
    connection?.channel.close(promise: nil)
    connection = nil
  }

  /// What stood between, as far as it shows. `roundTrip` and `connect` are milliseconds.
  func proxies(roundTrip: Double, connect: Double) -> [String] {
    var found = remarks
    if requests > 2, connections >= requests { found.append("no keep-alive: a connection for each request") }
    if roundTrip > connect + Self.patience {
      found.append("requests are held up \(Int((roundTrip - connect).rounded())) ms on the way")
    }
    return found
  }

  private func note(_ head: HTTPResponseHead) {
    for name in Self.telling {
      for value in head.headers[name] {
        let remark = "\(name): \(value.prefix(80))"
        if !remarks.contains(remark), remarks.count < 8 { remarks.append(remark) }
      }
    }
  }

  private func open() async throws -> Connection {
    if let connection, connection.channel.isActive { return connection }
    connections += 1
    let answers = AnswerHandler()
    let channel = try await visit.connect { channel in
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHTTPClientHandlers()
      try pipeline.addHandlers(NIOHTTPClientResponseAggregator(maxContentLength: 1 << 20), answers)
      return channel
    }
    let opened = Connection(channel: channel, answers: answers)
    connection = opened
    return opened
  }
}

/// Gives each answer to the request that waits for it.
private final class AnswerHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = NIOHTTPClientResponseFull

  private let waiting = Mutex<EventLoopPromise<NIOHTTPClientResponseFull>?>(nil)

  func awaits(_ promise: EventLoopPromise<NIOHTTPClientResponseFull>) {
    waiting.withLock { $0 = promise }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    take()?.succeed(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    take()?.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    take()?.fail(Unanswered.closed)
    context.fireChannelInactive()
  }

  private func take() -> EventLoopPromise<NIOHTTPClientResponseFull>? {
    waiting.withLock { promise in
      defer { promise = nil }
      return promise
    }
  }
}
