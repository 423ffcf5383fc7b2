import NIOCore
import NIOEmbedded
import Synchronization

@testable import Edge

/// A web socket whose client is the test: frames are written and read as bytes.
struct WebSocketTestChannel {
  struct Frame: Equatable {
    var firstByte: UInt8
    var payload: [UInt8]

    static func text(_ text: String) -> Frame { Frame(firstByte: 0x81, payload: Array(text.utf8)) }

    static func close(_ code: UInt16, _ reason: String = "") -> Frame {
      Frame(firstByte: 0x88, payload: [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }
  }

  struct Service: WebSocketService {
    let body: @Sendable (WebSocketConnection) async -> Void

    func serve(_ socket: WebSocketConnection) async { await body(socket) }
  }

  /// Sends each message back until the client closes.
  static let echo: @Sendable (WebSocketConnection) async -> Void = { socket in
    for await message in socket.messages { try? socket.send(message) }
  }

  var http: HTTPTestChannel

  static let request = """
    GET /signal HTTP/1.1\r
    Host: x\r
    Upgrade: websocket\r
    Connection: keep-alive, Upgrade\r
    Sec-WebSocket-Version: 13\r
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
    \r

    """

  init(
    limits: WebSocketLimits = .init(), behindRequest: [UInt8] = [],
    service: @escaping @Sendable (WebSocketConnection) async -> Void = Self.echo
  ) async throws {
    http = try await HTTPTestChannel { _ in .webSocket(Service(body: service), limits: limits) }
    try await http.send(Array(Self.request.utf8) + behindRequest)
    let head = try await http.head()
    guard head.status == 101 else { throw HTTPTestChannel.Malformed(bytes: "\(head)") }
  }

  /// A client's frame (RFC 6455, section 5.2).
  static func frame(_ firstByte: UInt8, _ payload: [UInt8], mask: [UInt8]? = [1, 2, 3, 4]) -> [UInt8] {
    let maskBit: UInt8 = mask == nil ? 0 : 0x80
    var bytes = [firstByte]
    switch payload.count {
    case ...125: bytes.append(maskBit | UInt8(payload.count))
    case ...0xFFFF: bytes += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: bytes += [maskBit | 127] + (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 0xFF) }
    }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
  }

  func send(_ frame: Frame) async throws {
    try await http.send(Self.frame(frame.firstByte, frame.payload))
  }

  /// The server's next frame.
  mutating func receive() async throws -> Frame {
    let start = Array(try await http.receive(2).readableBytesView)
    var length = Int(start[1])
    if length == 126 || length == 127 {
      let more = try await http.receive(length == 126 ? 2 : 8)
      length = more.readableBytesView.reduce(0) { $0 << 8 | Int($1) }
    }
    return Frame(firstByte: start[0], payload: Array(try await http.receive(length).readableBytesView))
  }
}
