import AccessPolicy
import Edge
import HTTPTypes

/// Answers only those who ask for this machine by an address or as `localhost`.
///
/// A stranger's page may have its own name lead to this machine (DNS rebinding); then its requests are of one origin with
/// the admin address, and the name in `Host` is all that tells them apart.
struct OwnHostOnly: HTTPResponder {
  let responder: any HTTPResponder

  func respond(to request: HTTPServerRequest) async -> HTTPServerResponse {
    guard Self.isOwn(request.authority) else {
      return ProblemDocument(
        status: .misdirectedRequest, detail: "ask for this address by its number or as localhost"
      ).response()
    }
    return await responder.respond(to: request)
  }

  /// Whether a `Host` is an IP address, `localhost`, or nothing, which HTTP/1.0 clients say; with or without a port.
  static func isOwn(_ authority: String) -> Bool {
    guard !authority.isEmpty else { return true }
    if authority.hasPrefix("[") {
      let inside = authority.dropFirst().prefix { $0 != "]" }
      return IPAddress(String(inside)) != nil
    }
    let host = authority.prefix { $0 != ":" }
    return host.lowercased() == "localhost" || IPAddress(String(host)) != nil
  }
}
