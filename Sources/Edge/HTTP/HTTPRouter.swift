import HTTPTypes

/// Chooses a responder by method and path.
///
/// The most specific pattern wins, whatever the order of registration. A path nobody knows is answered 404, a known
/// one with another method 405 with Allow; HEAD is served by the responder of GET.
public struct HTTPRouter: HTTPResponder {
  /// Answers the requests of one route.
  public typealias Handler = @Sendable (HTTPServerRequest) async -> HTTPServerResponse

  private struct Route: Sendable {
    let method: HTTPRequest.Method
    let pattern: RoutePattern
    let handler: Handler
  }

  private var routes: [Route] = []

  /// A router without routes.
  public init() {}

  /// Adds a route; a second one with the same method and pattern takes its place.
  public mutating func on(_ method: HTTPRequest.Method, _ pattern: RoutePattern, _ handler: @escaping Handler) {
    routes.removeAll { $0.method == method && $0.pattern == pattern }
    routes.append(Route(method: method, pattern: pattern, handler: handler))
    // Stable for equal patterns: the methods of one pattern stay in their order.
    routes = routes.enumerated().sorted { left, right in
      if left.element.pattern.isMoreSpecific(than: right.element.pattern) { return true }
      if right.element.pattern.isMoreSpecific(than: left.element.pattern) { return false }
      return left.offset < right.offset
    }.map(\.element)
  }

  /// Adds a route that another responder answers.
  public mutating func on(_ method: HTTPRequest.Method, _ pattern: RoutePattern, _ responder: any HTTPResponder) {
    on(method, pattern) { await responder.respond(to: $0) }
  }

  /// Finds the route and lets it answer.
  public func respond(to request: HTTPServerRequest) async -> HTTPServerResponse {
    var allowed: [HTTPRequest.Method] = []
    for route in routes {
      guard let parameters = route.pattern.match(request.target.segments) else { continue }
      if route.method == request.method || route.method == .get && request.method == .head {
        var request = request
        request.parameters = parameters
        return await route.handler(request)
      }
      if !allowed.contains(route.method) { allowed.append(route.method) }
    }
    guard !allowed.isEmpty else { return ProblemDocument(status: .notFound).response() }
    if allowed.contains(.get), !allowed.contains(.head) { allowed.append(.head) }
    let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
    return ProblemDocument(status: .methodNotAllowed, detail: "allowed: \(list)").response(fields: [.allow: list])
  }
}
