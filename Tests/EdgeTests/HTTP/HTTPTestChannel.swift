import HTTPTypes
import NIOCore
import NIOEmbedded

@testable import Edge

/// The HTTP stack on a channel without a socket and with a clock of its own.
struct HTTPTestChannel {
  /// An answer as it came off the wire.
  struct Answer: Equatable {
    var status: Int
    var fields: [String: String]
    var body: String
  }

  struct Malformed: Error {
    let bytes: String
  }

  let channel: NIOAsyncTestingChannel
  private var received = ByteBuffer()

  init(
    limits: HTTPLimits = .init(), tunnels: Tunnels? = nil,
    responder: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse = HTTPTestChannel.echo
  ) async throws {
    channel = NIOAsyncTestingChannel()
    let channel = channel
    try await channel.testingEventLoop.executeInContext {
      try HTTPServerPipeline.install(
        on: channel, connection: nil, responder: Closure(respond: responder), tunnels: tunnels, limits: limits)
    }
    try await channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).get()
  }

  struct Closure: HTTPResponder {
    let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse

    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse { await respond(request) }
  }

  /// Answers with what it was asked.
  static let echo: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { request in
    .text("\(request.method) \(request.path) \(String(buffer: request.body))")
  }

  func send(_ text: String) async throws {
    try await channel.writeInbound(ByteBuffer(string: text))
  }

  func send(_ bytes: some Sequence<UInt8> & Sendable) async throws {
    try await channel.writeInbound(ByteBuffer(bytes: bytes))
  }

  /// Bytes the stack wrote, at least `count`.
  mutating func receive(_ count: Int) async throws -> ByteBuffer {
    while received.readableBytes < count { try await receiveMore() }
    guard let bytes = received.readSlice(length: count) else { throw Malformed(bytes: String(buffer: received)) }
    return bytes
  }

  /// The next head and body; an answer to HEAD has none.
  mutating func answer(toHead: Bool = false) async throws -> Answer {
    var answer = try await head()
    let length = toHead || answer.status == 304 ? 0 : Int(answer.fields["content-length"] ?? "0") ?? 0
    answer.body = String(buffer: try await receive(length))
    return answer
  }

  /// The next head.
  mutating func head() async throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    while true {
      let bytes = Array(received.readableBytesView)
      let found = bytes.indices.first { bytes[$0...].starts(with: end) }
      guard let found else {
        try await receiveMore()
        continue
      }
      received.moveReaderIndex(forwardBy: found + end.count)
      let lines = String(decoding: bytes[..<found], as: UTF8.self).split(separator: "\r\n")
      let parts = lines[0].split(separator: " ", maxSplits: 2)
      guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else {
        throw Malformed(bytes: String(decoding: bytes, as: UTF8.self))
      }
      let fields = lines.dropFirst().map { line -> (String, String) in
        let pair = line.split(separator: ":", maxSplits: 1)
        return (pair[0].lowercased(), String(pair.last?.drop { $0 == " " } ?? ""))
      }
      return Answer(status: status, fields: Dictionary(fields) { first, _ in first }, body: "")
    }
  }

  /// Whether everything written has been read.
  var isSilent: Bool { received.readableBytes == 0 }

  /// Returns when the stack has closed the channel.
  func closed() async throws {
    try await channel.closeFuture.get()
  }

  /// Lets time pass.
  func advance(_ amount: TimeAmount) async {
    await channel.testingEventLoop.advanceTime(by: amount)
  }

  private mutating func receiveMore() async throws {
    let more = try await channel.waitForOutboundWrite(as: ByteBuffer.self)
    received.writeImmutableBuffer(more)
  }
}
