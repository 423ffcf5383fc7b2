import Edge
import Testing

@testable import Gateway

@Suite struct ShadowServerTests {
  @Test(arguments: [
    ("rtmp://old-server/app", ShadowServer(host: "old-server", port: 1935, app: "app")),
    ("rtmp://old-server:1936/app/room/", ShadowServer(host: "old-server", port: 1936, app: "app/room")),
    ("rtmp://10.0.0.1", ShadowServer(host: "10.0.0.1", port: 1935)),
    ("RTMP://old/", ShadowServer(host: "old", port: 1935)),
    ("rtmp://[2001:db8::1]:80/app", ShadowServer(host: "2001:db8::1", port: 80, app: "app")),
    ("rtmps://old.example.org/app", ShadowServer(host: "old.example.org", port: 443, usesTLS: true, app: "app")),
  ])
  func anAddressIsRead(text: String, server: ShadowServer) throws {
    #expect(try ShadowServer(parsing: text) == server)
  }

  @Test(arguments: [
    ("", ShadowServer.Refusal.scheme), ("old/app", .scheme), ("rtmpe://old/app", .scheme), ("rtmpt://old/app", .scheme),
    ("rtmp://", .host), ("rtmp:///app", .host), ("rtmp://user@old/app", .host), ("rtmp://[old]/app", .host),
    ("rtmp://[::1/app", .host), ("rtmp://a b/app", .host), ("rtmp://old:/app", .port), ("rtmp://old:0/app", .port),
    ("rtmp://old:65536/app", .port), ("rtmp://old:x/app", .port), ("rtmp://[::1]x/app", .port),
    ("rtmp://old/app?key=x", .app), ("rtmp://old/a b", .app), ("rtmp://old/app#x", .app),
  ])
  func whatIsNoneIsRefusedByItsRule(text: String, refusal: ShadowServer.Refusal) {
    #expect(throws: refusal) { try ShadowServer(parsing: text) }
  }

  @Test func aRoomHasItsOldServer() throws {
    let folder = try ConfigurationFolder()
    let configuration = try folder.parse(
      """
      listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
      rooms: { board: { open: true, shadow: "rtmp://old/meeting" }, demo: { open: true } }
      """)
    #expect(configuration.rooms["board"]?.shadow == ShadowServer(host: "old", port: 1935, app: "meeting"))
    #expect(configuration.rooms["demo"]?.shadow == nil)
  }
}
