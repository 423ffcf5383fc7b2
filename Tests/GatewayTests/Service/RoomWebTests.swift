import Edge
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct RoomWebTests {
  private func request(_ path: String, _ fields: HTTPFields = [:]) throws -> HTTPServerRequest {
    HTTPServerRequest(method: .get, target: try RequestTarget(path), fields: fields)
  }

  @Test func thePageAndItsScriptsComeWithTheStatedPolicy() throws {
    let web = try RoomWeb()
    let page = web.page(for: try request("/rooms/demo"))
    let script = web.asset("main.js", for: try request("/assets/main.js"))
    #expect(page.fields[.contentType] == "text/html; charset=utf-8")
    #expect(script.fields[.contentType] == "text/javascript; charset=utf-8")
    for response in [page, script] {
      #expect(response.status == .ok)
      #expect(
        response.fields[.contentSecurityPolicy]
          == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
      #expect(response.fields[.xContentTypeOptions] == "nosniff")
      #expect(response.body.readableBytes > 0)
    }
  }

  @Test func whoHasItAlreadyIsToldSo() throws {
    let web = try RoomWeb()
    let first = web.page(for: try request("/rooms/demo"))
    let tag = try #require(first.fields[.eTag])
    let again = web.page(for: try request("/rooms/demo", [.ifNoneMatch: tag]))
    #expect(again.status == .notModified)
    #expect(again.body.readableBytes == 0)
    #expect(web.page(for: try request("/rooms/demo", [.ifNoneMatch: "\"other\""])).status == .ok)
  }

  @Test func thePageOfNoRoomIsReadableAndNotFound() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let page = await router.respond(to: try request("/rooms/demo"))
      let tag = try #require(page.fields[.eTag])
      let none = await router.respond(to: try request("/rooms/nosuch", [.ifNoneMatch: tag]))
      #expect(page.status == .ok && none.status == .notFound)
      #expect(none.body == page.body)
      for name in [HTTPField.Name.contentType, .contentSecurityPolicy, .xContentTypeOptions] {
        #expect(none.fields[name] == page.fields[name])
      }
      #expect(none.fields[.eTag] == nil && none.fields[.cacheControl] == "no-store")
    }
  }

  @Test(arguments: ["nope.js", "", "index.html", "../Package.swift", ".."])
  func whatIsNoAssetIsNotFound(name: String) throws {
    #expect(try RoomWeb().asset(name, for: try request("/assets/x")).status == .notFound)
  }
}
