import HTTPTypes
import NIOCore
import Testing

@testable import Edge

@Suite struct HTTPRouterTests {
  private func router() -> HTTPRouter {
    var router = HTTPRouter()
    router.on(.get, "/assets/{path...}") { .text("asset \($0.parameters["path"] ?? "?")") }
    router.on(.get, "/rooms/{room}") { .text("room \($0.parameters["room"] ?? "?")") }
    router.on(.get, "/rooms/{room}/signal") { .text("signal \($0.parameters["room"] ?? "?")") }
    router.on(.get, "/rooms/new") { _ in .text("new") }
    router.on(.post, "/whep/{room}/{name}") { .text("whep \($0.parameters.values.sorted())") }
    router.on(.patch, "/whep/{room}/{name}") { _ in .text("patch") }
    router.on(.get, "/") { _ in .text("root") }
    return router
  }

  private func answer(_ method: HTTPRequest.Method, _ target: String) async throws -> HTTPServerResponse {
    await router().respond(to: HTTPServerRequest(method: method, target: try RequestTarget(target)))
  }

  @Test(arguments: [
    ("/", "root"), ("/rooms/demo", "room demo"), ("/rooms/new", "new"), ("/rooms/a%20b/signal", "signal a b"),
    ("/assets/js/room.js", "asset js/room.js"), ("/assets/x", "asset x"),
  ])
  func mostSpecificPatternAnswers(target: String, body: String) async throws {
    #expect(String(buffer: try await answer(.get, target).body) == body)
  }

  @Test(arguments: ["/nothing", "/rooms", "/rooms/", "/rooms/demo/", "/rooms/demo/signal/x", "/assets"])
  func unknownPathIs404(target: String) async throws {
    let response = try await answer(.get, target)
    #expect(response.status == .notFound)
    #expect(response.fields[.contentType] == "application/problem+json")
  }

  @Test func wrongMethodIs405WithAllow() async throws {
    let response = try await answer(.delete, "/whep/a/b")
    #expect(response.status == .methodNotAllowed)
    #expect(response.fields[.allow] == "PATCH, POST")
    #expect(try await answer(.post, "/rooms/a").fields[.allow] == "GET, HEAD")
  }

  @Test func headIsServedByGet() async throws {
    #expect(try await answer(.head, "/rooms/demo").status == .ok)
    #expect(try await answer(.head, "/whep/a/b").status == .methodNotAllowed)
  }

  @Test func laterRouteOfTheSamePatternReplacesTheEarlier() async throws {
    var router = router()
    router.on(.get, "/") { _ in .text("other") }
    let response = await router.respond(to: HTTPServerRequest(method: .get, target: try RequestTarget("/")))
    #expect(String(buffer: response.body) == "other")
  }
}
