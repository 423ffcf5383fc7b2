import HTTPTypes
import NIOCore
import NIOHTTP1
import RTMPTunnel

/// Makes whole requests of the decoder's parts and checks everything the decoder does not. Sans-IO.
///
/// After a failure the reader takes nothing more: what follows on the connection cannot be told apart from the rest of
/// the broken request.
struct HTTPRequestReader {
  /// Where the requests come from; the same for all of a connection.
  struct Origin {
    var scheme = "http"
    /// The client, as far as the connection tells; requests may tell more.
    var remoteAddress: SocketAddress?
    /// Whose word about the client of a request is taken.
    var trust: ForwardedTrust?
    /// Whether requests may be a tunnel's, whose bodies are longer.
    var hasTunnels = false
    var listener = ListenerID(rawValue: "-")
    var connectionID: UInt64 = 0
    var certificateSubject: String?
    var tlsVersion: TLSProtocolVersion?
  }

  /// A request and what it means for its connection.
  struct Received {
    var request: HTTPServerRequest
    /// Fields of the request that would name its client, from somebody who is not trusted to.
    var ignoredFields: Set<ForwardedTrust.Field> = []
    /// What it asks of a tunnel, if anything.
    var tunnel: TunnelRequest?
    /// Whether another request may follow the answer.
    var keepsAlive: Bool
  }

  enum Output {
    /// The client waits for `100 Continue` before it sends the body.
    case continueExpected
    case request(Received)
    case failure(ProblemDocument)
  }

  private enum State {
    case head
    case body(Received)
    case failed
  }

  private let limits: HTTPLimits
  private let origin: Origin
  private var state = State.head
  /// Of the request that is being read.
  private var bodyLimit: Int
  /// Why a trusted proxy's word about the client could not be understood; the request was refused for it.
  private(set) var forwardedError: ForwardedError?

  init(limits: HTTPLimits, origin: Origin) {
    self.limits = limits
    self.origin = origin
    bodyLimit = limits.bodyBytes
  }

  /// Whether a head has come whose body has not.
  var isInBody: Bool {
    if case .body = state { true } else { false }
  }

  mutating func receive(_ part: HTTPServerRequestPart) -> Output? {
    switch (state, part) {
    case (.head, .head(let head)):
      return receive(head)
    case (.body(var received), .body(let bytes)):
      let total = received.request.body.readableBytes + bytes.readableBytes
      guard total <= bodyLimit else { return fail(bodyTooLarge) }
      // One reference while it grows, so that the bytes are not copied each time.
      state = .failed
      if received.request.body.readableBytes == 0 {
        received.request.body = bytes
      } else {
        received.request.body.writeImmutableBuffer(bytes)
      }
      state = .body(received)
      return nil
    case (.body(let received), .end):
      state = .head
      return .request(received)
    case (.failed, _):
      return nil
    case (.head, _), (.body, .head):
      return fail(ProblemDocument(status: .badRequest))
    }
  }

  /// The decoder gave up, or the time is over; nil when a failure has been told already.
  mutating func fail(_ problem: ProblemDocument) -> Output? {
    if case .failed = state { return nil }
    state = .failed
    return .failure(problem)
  }

  /// What the decoder's error means for the client.
  static func problem(for error: any Error) -> ProblemDocument {
    switch error as? HTTPParserError {
    case .headerOverflow:
      ProblemDocument(status: .requestHeaderFieldsTooLarge)
    case .invalidVersion:
      ProblemDocument(status: .httpVersionNotSupported, detail: "only HTTP/1.0 and HTTP/1.1 are spoken here")
    case .invalidMethod, .unknown, .none:
      ProblemDocument(status: .badRequest, detail: "the request is not well-formed HTTP/1")
    case .some(let error):
      ProblemDocument(status: .badRequest, detail: "the request is not well-formed HTTP/1: \(error)")
    }
  }

  private var bodyTooLarge: ProblemDocument {
    ProblemDocument(status: .contentTooLarge, detail: "the body may have \(bodyLimit) bytes")
  }

  private mutating func receive(_ head: HTTPRequestHead) -> Output? {
    do {
      let received = try read(head)
      state = .body(received)
      return try expectsContinue(received) ? .continueExpected : nil
    } catch {
      return fail(error)
    }
  }

  private mutating func read(_ head: HTTPRequestHead) throws(ProblemDocument) -> Received {
    guard head.uri.utf8.count <= limits.targetBytes else {
      throw ProblemDocument(
        status: .uriTooLong,
        detail: "the request target may have \(limits.targetBytes) bytes")
    }
    guard let method = HTTPRequest.Method(head.method.rawValue), method != .connect else {
      throw ProblemDocument(status: .notImplemented)
    }
    let target: RequestTarget
    do {
      target = try RequestTarget(head.uri)
    } catch {
      throw ProblemDocument(status: .badRequest, detail: "\(error)")
    }
    let tunnel = origin.hasTunnels && method == .post ? TunnelRequest(path: target.segments) : nil
    bodyLimit = tunnel == nil ? limits.bodyBytes : limits.tunnelBodyBytes
    try checkFraming(head)
    var request = HTTPServerRequest(
      method: method, scheme: origin.scheme, authority: try authority(of: head, target: target), target: target,
      remoteAddress: origin.remoteAddress, listener: origin.listener)
    request.connectionID = origin.connectionID
    request.certificateSubject = origin.certificateSubject
    request.tlsVersion = origin.tlsVersion
    for (name, value) in head.headers where tunnel == nil || Self.mattersToTunnels(name) {
      guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else {
        throw ProblemDocument(status: .badRequest, detail: "a header field is not well-formed")
      }
      request.fields.append(HTTPField(name: name, value: value))
    }
    request.speaksHTTP11 = head.speaksHTTP11
    let ignoredFields = try findClient(of: &request)
    // The decoder stops at a request to upgrade, so nothing can follow it on this connection as HTTP.
    let asksForUpgrade = request.fields.contains(.upgrade) && request.hasToken("upgrade", in: .connection)
    return Received(
      request: request, ignoredFields: ignoredFields, tunnel: tunnel, keepsAlive: head.isKeepAlive && !asksForUpgrade)
  }

  /// Nobody asks for the other fields of a tunnel's request, and to take one over costs as much as to parse it.
  private static func mattersToTunnels(_ name: String) -> Bool {
    switch name.utf8.count {
    case 6: name.lowercased() == "expect"
    case 7: name.lowercased() == "upgrade"
    case 9: name.lowercased() == "forwarded"
    case 10: name.lowercased() == "connection"
    case 15: name.lowercased() == "x-forwarded-for"
    default: false
    }
  }

  /// Puts the client that trusted proxies tell into the request; returns the fields that changed nothing.
  private mutating func findClient(
    of request: inout HTTPServerRequest
  ) throws(ProblemDocument) -> Set<ForwardedTrust.Field> {
    guard let peer = origin.remoteAddress else { return [] }
    do throws(ForwardedError) {
      let client = try ForwardedClient.find(in: request.fields, peer: peer, trust: origin.trust)
      request.remoteAddress = client.address
      return client.ignored
    } catch {
      forwardedError = error
      throw ProblemDocument(status: .badRequest, detail: "\(error)")
    }
  }

  /// Message framing that two readers could understand in two ways is refused (RFC 9112, section 6.3).
  private func checkFraming(_ head: HTTPRequestHead) throws(ProblemDocument) {
    let codings = head.headers["transfer-encoding"]
    let lengths = head.headers["content-length"]
    guard codings.isEmpty || lengths.isEmpty, lengths.count <= 1 else {
      throw ProblemDocument(status: .badRequest, detail: "the length of the body is stated twice")
    }
    if !codings.isEmpty {
      guard head.speaksHTTP11 else {
        throw ProblemDocument(status: .badRequest, detail: "HTTP/1.0 has no transfer codings")
      }
      guard codings.count == 1, codings[0].lowercased() == "chunked" else {
        throw ProblemDocument(status: .notImplemented, detail: "the only transfer coding is chunked")
      }
    }
    if let length = lengths.first {
      guard let length = UInt64(length) else {
        throw ProblemDocument(status: .badRequest, detail: "Content-Length is no number")
      }
      guard length <= UInt64(bodyLimit) else { throw bodyTooLarge }
    }
  }

  /// The host asked for. HTTP/1.1 names exactly one (RFC 9112, section 3.2).
  private func authority(of head: HTTPRequestHead, target: RequestTarget) throws(ProblemDocument) -> String {
    let hosts = head.headers["host"]
    guard hosts.count == 1 || hosts.isEmpty && !head.speaksHTTP11 else {
      throw ProblemDocument(status: .badRequest, detail: "a request names its host once")
    }
    return target.authority ?? hosts.first ?? ""
  }

  private func expectsContinue(_ received: Received) throws(ProblemDocument) -> Bool {
    guard received.request.speaksHTTP11, let expectation = received.request.fields[.expect] else { return false }
    guard expectation.lowercased() == "100-continue" else { throw ProblemDocument(status: .expectationFailed) }
    return true
  }
}

extension ProblemDocument: Error {}

extension HTTPRequestHead {
  /// The decoder lets only major version 1 pass.
  fileprivate var speaksHTTP11: Bool { version.minor >= 1 }
}
