import HTTPTypes
import NIOCore

/// A whole request, read, bounded and decoded.
public struct HTTPServerRequest: Sendable {
  /// The method.
  public var method: HTTPRequest.Method
  /// `http` or `https`: how the client reached this server.
  public var scheme: String
  /// The host and port the client asked for; empty when an HTTP/1.0 client did not say.
  public var authority: String
  /// The decoded path and query.
  public var target: RequestTarget
  /// The header fields, in their order.
  public var fields: HTTPFields
  /// The body; empty when there is none.
  public var body: ByteBuffer
  /// The client: the connection's other end, or whom trusted proxies tell; nil on a channel without addresses.
  public var remoteAddress: SocketAddress?
  /// The listener the request came in by.
  public var listener: ListenerID
  /// The connection's ``ConnectionInfo/id``; 0 on a channel that did not come in by a listener.
  public var connectionID: UInt64 = 0
  /// The subject of the certificate that the client gave to this listener, which was verified, in the notation of
  /// RFC 2253.
  public var certificateSubject: String?
  /// The version of TLS of ours by which it came.
  public var tlsVersion: TLSProtocolVersion?
  /// What the braces of the route's pattern stand for; filled by ``HTTPRouter``.
  public var parameters: [String: String]
  /// False for an HTTP/1.0 client.
  var speaksHTTP11: Bool

  /// Makes a request, also for tests of responders.
  public init(
    method: HTTPRequest.Method, scheme: String = "http", authority: String = "localhost", target: RequestTarget,
    fields: HTTPFields = [:], body: ByteBuffer = ByteBuffer(), remoteAddress: SocketAddress? = nil,
    listener: ListenerID = ListenerID(rawValue: "-")
  ) {
    self.method = method
    self.scheme = scheme
    self.authority = authority
    self.target = target
    self.fields = fields
    self.body = body
    self.remoteAddress = remoteAddress
    self.listener = listener
    parameters = [:]
    speaksHTTP11 = true
  }

  /// The decoded path, starting with a slash.
  public var path: String { target.path }

  /// Whether the client asks to change to the web-socket protocol (RFC 6455, section 4.2.1).
  public var asksForWebSocket: Bool {
    method == .get && speaksHTTP11 && hasToken("upgrade", in: .connection) && hasToken("websocket", in: .upgrade)
  }

  /// Whether the Origin field names the very host the request came to, so that the page is one of this server's
  /// (RFC 6454). False when there is no such field: browsers always send it with a web-socket handshake.
  public var isFromSameOrigin: Bool {
    guard let origin = fields[.origin], !authority.isEmpty else { return false }
    return origin.lowercased() == "\(scheme)://\(authority)".lowercased()
  }

  /// Whether a list field such as Connection holds `token`, in any case.
  func hasToken(_ token: String, in name: HTTPField.Name) -> Bool {
    fields[values: name].contains { value in
      value.split(separator: ",").contains { item in
        item.drop(while: \.isHTTPSpace).lowercased().trimmingSuffix(while: \.isHTTPSpace) == token
      }
    }
  }
}

extension Character {
  fileprivate var isHTTPSpace: Bool { self == " " || self == "\t" }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}
