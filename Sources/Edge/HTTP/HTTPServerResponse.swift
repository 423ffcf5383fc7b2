import HTTPTypes
import NIOCore

/// Answers requests. Shared by all connections of a stack; one connection's requests come one after the other.
public protocol HTTPResponder: Sendable {
  /// Answers one request. The task is cancelled when the client leaves or the response time-out passes.
  func respond(to request: HTTPServerRequest) async -> HTTPServerResponse
}

/// An answer: a status, fields and a body, or the change to the web-socket protocol.
///
/// Content-Length, Date and Connection are set by the stack; the body of an answer to HEAD is left away by it.
public struct HTTPServerResponse: Sendable {
  enum Content: Sendable {
    case body(ByteBuffer)
    case webSocket(any WebSocketService, WebSocketLimits)
  }

  /// The status; 101 for a web socket.
  public var status: HTTPResponse.Status
  /// The fields.
  public var fields: HTTPFields
  var content: Content

  /// An answer with a body in memory.
  public init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
    self.status = status
    self.fields = fields
    content = .body(body)
  }

  /// An answer with text.
  public static func text(
    _ text: String, status: HTTPResponse.Status = .ok, contentType: String = "text/plain; charset=utf-8"
  ) -> HTTPServerResponse {
    HTTPServerResponse(status: status, fields: [.contentType: contentType], body: ByteBuffer(string: text))
  }

  /// Changes to the web-socket protocol and lets `service` serve the socket. The responder has checked Origin and
  /// access before. A request that is no proper upgrade is answered 426 or 400 instead.
  ///
  /// - Parameter subprotocol: the one chosen among those the client offered, if any.
  public static func webSocket(
    _ service: any WebSocketService, subprotocol: String? = nil, limits: WebSocketLimits = .init()
  ) -> HTTPServerResponse {
    var response = HTTPServerResponse(status: .switchingProtocols)
    response.content = .webSocket(service, limits)
    if let subprotocol { response.fields[.secWebSocketProtocol] = subprotocol }
    return response
  }

  /// The body; empty for a web socket.
  public var body: ByteBuffer {
    switch content {
    case .body(let body): body
    case .webSocket: ByteBuffer()
    }
  }
}
