import Testing

@testable import Edge

@Suite struct RoomAddressTests {
  struct Split: Sendable {
    let app: String
    let stream: String
  }

  /// What clients make of `rtmp://HOST/live/demo/alice` and the like.
  @Test(arguments: [
    Split(app: "live/demo", stream: "alice"),
    // ffmpeg and librtmp without an application's name of their own.
    Split(app: "live", stream: "demo/alice"),
    Split(app: "live/demo/", stream: "alice"),
    Split(app: "live/demo/_definst_/..", stream: "demo/alice"),
    // OBS and old FMLE put the key's query behind either part.
    Split(app: "live/demo?token=a/b/c", stream: "alice"),
    Split(app: "/live//demo", stream: "/alice/"),
    Split(app: "", stream: "live/demo/alice"),
  ])
  func theLastSegmentIsTheParticipantAndTheOneBeforeTheRoom(split: Split) {
    let address = RoomAddress(app: split.app, stream: split.stream)
    #expect(address?.room == "demo")
    #expect(address?.participant == "alice")
  }

  @Test(arguments: [Split(app: "", stream: "alice"), Split(app: "", stream: ""), Split(app: "live", stream: "")])
  func tooFewSegmentsNameNobody(split: Split) {
    #expect(RoomAddress(app: split.app, stream: split.stream) == nil)
  }

  @Test func anAppNamesARoomOnlyBehindAnApplication() {
    #expect(RoomAddress.room(ofApp: "live/demo") == "demo")
    #expect(RoomAddress.room(ofApp: "live/demo/?x=/y") == "demo")
    #expect(RoomAddress.room(ofApp: "live") == nil)
    #expect(RoomAddress.room(ofApp: "live/") == nil)
    #expect(RoomAddress.room(ofApp: "") == nil)
  }
}
