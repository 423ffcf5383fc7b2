import AccessPolicy
import HTTPTypes
import NIOCore

extension CrossDomainSource {
  /// Answers `GET /crossdomain.xml`: the policy for requests of this scheme, 404 when there is none to give.
  public func respond(to request: HTTPServerRequest) -> HTTPServerResponse {
    guard let policy = current,
      let document = policy.document(at: request.scheme == "https" ? .https : .http)
    else { return ProblemDocument(status: .notFound, detail: "there is no cross-domain policy").response() }
    var fields: HTTPFields = [.contentType: "text/x-cross-domain-policy"]
    // Players keep a policy as long as the page lives; a changed one counts for the next page.
    fields[.cacheControl] = "no-cache"
    if let name = HTTPField.Name("X-Permitted-Cross-Domain-Policies") {
      fields[name] = (policy.siteControl ?? .masterOnly).rawValue
    }
    fields[.xContentTypeOptions] = "nosniff"
    return HTTPServerResponse(status: .ok, fields: fields, body: ByteBuffer(string: document))
  }

  /// Adds `/crossdomain.xml` to a surface.
  public func add(to router: inout HTTPRouter) {
    router.on(.get, "/crossdomain.xml") { self.respond(to: $0) }
  }
}
