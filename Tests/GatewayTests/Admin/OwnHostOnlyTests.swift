import Edge
import Testing

@testable import Gateway

@Suite struct OwnHostOnlyTests {
  @Test(arguments: [
    "", "localhost", "LOCALHOST:9090", "127.0.0.1", "127.0.0.1:9090", "[::1]", "[::1]:9090", "10.0.0.1:80",
  ])
  func addressesAndLocalhostAreAnswered(authority: String) async throws {
    #expect(try await status(of: authority) == 200)
  }

  @Test(arguments: ["evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example", "[evil]"])
  func otherNamesAreNotWhateverTheyLeadTo(authority: String) async throws {
    #expect(try await status(of: authority) == 421)
  }

  private func status(of authority: String) async throws -> Int {
    var router = HTTPRouter()
    router.on(.get, "/") { _ in HTTPServerResponse(status: .ok) }
    let request = HTTPServerRequest(method: .get, authority: authority, target: try RequestTarget("/"))
    return await OwnHostOnly(responder: router).respond(to: request).status.code
  }
}
