import Testing

@testable import Edge

@Suite struct ShadowServersTests {
  private static let board = ShadowServer(host: "old", port: 1935, app: "meeting")
  private static let show = ShadowServer(host: "old", port: 1935, app: "show")
  private let servers = ShadowServers(["board": board, "hall": board, "live": show])

  @Test(arguments: [
    ("meeting/board", board, "board"), ("anything/board?key=x", board, "board"), ("a/b/hall", board, "hall"),
    ("live", show, "live"), ("live?key=x", show, "live"), ("/live/", show, "live"),
  ])
  func theApplicationNamesTheRoom(app: String, server: ShadowServer, room: String) {
    #expect(servers.server(ofApp: app) == ShadowServers.Choice(server: server, room: room, app: app))
  }

  @Test func anApplicationOfOneServerLeavesTheRoomToTheStream() {
    #expect(
      servers.server(ofApp: "meeting") == ShadowServers.Choice(server: Self.board, room: nil, app: "meeting"))
  }

  @Test func anApplicationOfTwoServersIsNeither() {
    let other = ShadowServer(host: "other", port: 1935, app: "meeting")
    #expect(ShadowServers(["board": Self.board, "hall": other]).server(ofApp: "meeting") == nil)
  }

  @Test(arguments: ["other/room", "other", ""])
  func othersAreTheGatewaysOwn(app: String) { #expect(servers.server(ofApp: app) == nil) }

  @Test func aServerHearsItsOwnApplicationAndAClientThatKnowsItIsNotChanged() {
    let server = ShadowServer(host: "::1", port: 1936, app: "meeting/one")
    #expect(server.address(for: "meeting/one?key=x") == nil)
    #expect(server.address(for: "live/board")?.app == "meeting/one")
    #expect(server.address(for: "live/board")?.url == "rtmp://[::1]:1936/meeting/one")
    let encrypted = ShadowServer(host: "old", port: 443, usesTLS: true, app: "meeting")
    #expect(encrypted.address(for: "x/y")?.url == "rtmps://old/meeting")
    #expect(ShadowServer(host: "old", port: 1935).address(for: "live/board") == nil)
  }
}
