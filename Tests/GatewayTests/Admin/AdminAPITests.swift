import Edge
import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct AdminAPITests {
  /// What the admin address answers while a gateway with the room `board`, which needs keys, runs.
  private func asked(
    _ body: (_ ask: (HTTPRequest.Method, String, String?, String) async throws -> HTTPServerResponse) async throws ->
      Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = GatewayStage.configuration(rooms: ["board": RoomConfiguration(isOpen: false)])
    configuration.store.sqlite = Located(folder.path + "/keys.db")
    try await GatewayStage.with(configuration: configuration) { stage in
      let router = AdminRoutes(stage.gateway.parts).router
      try await body { method, path, text, type in
        await router.respond(
          to: HTTPServerRequest(
            method: method, target: try RequestTarget(path), fields: [.contentType: type],
            body: ByteBuffer(string: text ?? "")))
      }
    }
  }

  private let json = "application/json"
  private let keys = "/api/v1/rooms/board/keys"

  @Test func aKeyIsNotMadeFromAnOrderThatIsNotUnderstoodWhole() async throws {
    try await asked { (ask) async throws -> Void in
      let refused = try await ask(.post, keys, #"{"name": "alice", "expire": "2h"}"#, json)
      #expect(refused.status == .badRequest)
      #expect(String(buffer: refused.body).contains(#"\"expire\" is unknown here"#))
      for text in ["", "[]", "{}", "7", #"{"name": 7}"#, #"{"name": "a/b"}"#, #"{"name": "a", "role": "king"}"#] {
        #expect(try await ask(.post, keys, text, json).status == .badRequest, "\(text)")
      }
      #expect(try await ask(.post, keys, #"{"name": "alice"}"#, "text/plain").status == .unsupportedMediaType)
      #expect(String(buffer: try await ask(.get, keys, nil, json).body) == #"{"keys":[]}"# + "\n")
      #expect(try await ask(.post, keys, #"{"name": "alice", "expires": "2h"}"#, json).status == .created)
    }
  }

  @Test func aRoomThatIsNotThereIsNotFound() async throws {
    try await asked { (ask) async throws -> Void in
      let nowhere = "/api/v1/rooms/nowhere/keys"
      #expect(try await ask(.get, nowhere, nil, json).status == .notFound)
      #expect(try await ask(.post, nowhere, #"{"name": "alice"}"#, json).status == .notFound)
      #expect(try await ask(.delete, nowhere + "/alice", nil, json).status == .notFound)
    }
  }

  @Test(arguments: [
    ("address=192.0.2.7", 200), ("address=192.0.2.7&room=board", 200), ("address=192.0.2.7&room=nowhere", 400),
    ("address=192.0.2.7&protocol=rtmpt", 200), ("address=192.0.2.7&protocol=gopher", 400),
    ("address=192.0.2.7&listener=127.0.0.1:0", 200), ("address=192.0.2.7&listener=127.0.0.1:9", 400),
    ("address=nobody", 400), ("", 400),
  ])
  func nothingIsExplainedOfWhatIsNotThere(query: String, status: Int) async throws {
    try await asked { (ask) async throws -> Void in
      #expect(try await ask(.get, "/api/v1/policy/explain?" + query, nil, json).status.code == status)
    }
  }
}
