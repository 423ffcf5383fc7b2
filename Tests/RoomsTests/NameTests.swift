import Testing

@testable import Rooms

@Suite struct NameTests {
  @Test(arguments: ["a", "Demo-1_x.y", "-", "_", "9", String(repeating: "r", count: 64)])
  func theseNameARoom(_ name: String) {
    #expect(RoomName(name)?.description == name)
  }

  @Test(arguments: [
    "", ".", "..", ".hidden", "a/b", "a b", "ü", "a\u{0}", "a\n", "%41", String(repeating: "r", count: 65),
  ])
  func theseDoNot(_ name: String) {
    #expect(RoomName(name) == nil)
  }

  @Test(arguments: ["a", "Frau Müller", "...", "名前", "a?b", String(repeating: "n", count: 128)])
  func theseNameAParticipant(_ name: String) {
    #expect(ParticipantName(name)?.description == name)
  }

  @Test(arguments: ["", ".", "..", "a/b", "a\\b", "a\u{1F}", "\u{7F}", "a\n", String(repeating: "ü", count: 65)])
  func theseDoNotNameAParticipant(_ name: String) {
    #expect(ParticipantName(name) == nil)
  }
}
