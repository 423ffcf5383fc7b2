import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Checks an opening handshake (RFC 6455, section 4.2.1) and makes its answer.
enum WebSocketUpgrade {
  /// Why the handshake is refused, with the fields that tell the client what would be right.
  struct Refusal: Error {
    let problem: ProblemDocument
    var fields: HTTPFields = [:]

    var response: HTTPServerResponse { problem.response(fields: fields) }
  }

  /// The fields of the answer to a proper handshake: those of the responder and those that accept the change.
  ///
  /// The future is complete when this returns.
  static func accept(
    _ request: HTTPServerRequest, adding fields: HTTPFields, on channel: any Channel
  ) throws(Refusal) -> EventLoopFuture<HTTPHeaders> {
    guard request.asksForWebSocket else {
      let problem = ProblemDocument(status: .upgradeRequired, detail: "this address speaks the web-socket protocol")
      throw Refusal(problem: problem, fields: [.upgrade: "websocket", .connection: "upgrade"])
    }
    guard request.fields[.secWebSocketVersion] == "13" else {
      let problem = ProblemDocument(status: .upgradeRequired, detail: "the web-socket version spoken here is 13")
      throw Refusal(
        problem: problem, fields: [.upgrade: "websocket", .connection: "upgrade", .secWebSocketVersion: "13"])
    }
    let keys = request.fields[values: .secWebSocketKey]
    guard keys.count == 1, let key = keys.first, isKey(key) else {
      throw Refusal(
        problem: ProblemDocument(status: .badRequest, detail: "Sec-WebSocket-Key is not 16 bytes in base64"))
    }
    let headers = HTTPHeaders(fields)
    let upgrader = NIOWebSocketServerUpgrader(
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(headers) },
      upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: "/",
      headers: ["Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"])
    return upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: [:])
  }

  /// 16 bytes are 22 characters of base64 and two of padding.
  private static func isKey(_ key: String) -> Bool {
    let bytes = Array(key.utf8)
    guard bytes.count == 24, bytes.suffix(2).elementsEqual("==".utf8) else { return false }
    return bytes.dropLast(2).allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
        true
      default: false
      }
    }
  }
}
