import Foundation
import Gateway
import Identity
import Testing

@testable import Replay

/// Replays to a gateway with a configuration: who is kept out in life is kept out there.
@Suite(.serialized) struct RehearsalAccessTests {
  private func withConfiguration(
    blacklist: String = "", _ body: (Configuration, URL) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rehearsal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = """
      listeners:
        - { address: "127.0.0.1:1935", accept: [rtmp] }
      rooms:
        demo: { open: true }
        board: {}
      access: { blacklist: [black.txt] }
      """
    try Data(text.utf8).write(to: folder.appending(path: "flashgate.yaml"))
    try Data(blacklist.utf8).write(to: folder.appending(path: "black.txt"))
    let configuration = try Configuration.load(
      path: folder.appending(path: "flashgate.yaml").path, environment: [:], checksCertificates: false)
    try await body(configuration, folder)
  }

  private func rehearse(_ session: RecordedSession, _ configuration: Configuration) throws -> SessionResult {
    var options = CaptureRehearsal.Options()
    options.configuration = configuration
    return try #require(try CaptureRehearsal(name: "a", sessions: [session], options: options).run().first?.result)
  }

  private func isPublishing(_ result: SessionResult) -> Bool {
    result.conversation.contains { $0.code == "NetStream.Publish.Start" }
  }

  @Test func aRoomThatIsNotConfiguredIsNoRoom() async throws {
    try await withConfiguration { configuration, _ in
      let result = try rehearse(try MadeSession(publishing: "alice", app: "live/nowhere").session(), configuration)
      #expect(result.end.side == .gateway && result.end.reason == "no_such_room")
      #expect(isPublishing(try rehearse(try MadeSession(publishing: "alice").session(), configuration)))
    }
  }

  @Test func anAddressOnTheBlacklistIsNotLetIn() async throws {
    try await withConfiguration(blacklist: "192.0.2.0/24\n") { configuration, _ in
      let result = try rehearse(try MadeSession(publishing: "alice").session(), configuration)
      #expect(result.end.side == .gateway && result.end.reason == "blacklisted")
      #expect(!result.conversation.contains { $0.side == .gateway })
    }
  }

  @Test func withoutAKeyARoomThatNeedsOneIsClosed() async throws {
    try await withConfiguration { configuration, _ in
      let result = try rehearse(try MadeSession(publishing: "alice", app: "live/board").session(), configuration)
      #expect(result.end.reason == "key_required")
    }
  }

  @Test func aKeyForOneTimeOpensInEachReplayAndIsNotUsedUp() async throws {
    try await withConfiguration { configuration, folder in
      let path = folder.appending(path: "flashgate.db").path
      let store = try await KeyStore.open(path)
      let grant = AccessKeyGrant(room: "board", name: "alice", isForOnce: true)
      let issued = try await store.issue(grant, by: "test", at: 1_000)
      let change = try await store.latestChange()
      let session = try MadeSession(publishing: "alice?key=\(issued.key.reveal())", app: "live/board").session()
      for _ in 1...2 {
        let result = try rehearse(session, configuration)
        #expect(isPublishing(result))
        #expect(!result.text.contains(issued.key.reveal()), "a golden result is no place for keys")
      }
      #expect(try await store.latestChange() == change)
      store.close()
    }
  }
}
