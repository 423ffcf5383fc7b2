import Testing

@testable import Gateway

@Suite struct RoomsChangeTests {
  private static let demo = ["demo": RoomConfiguration()]

  private func shadowed() throws -> RoomConfiguration {
    let folder = try ConfigurationFolder()
    let configuration = try folder.parse(
      """
      listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
      rooms: { old: { open: true, shadow: "rtmp://192.0.2.1/app" } }
      """)
    return try #require(configuration.rooms["old"])
  }

  @Test func roomsComeGoAndChange() {
    let old = Self.demo.merging(["hall": RoomConfiguration()]) { $1 }
    let new = ["demo": RoomConfiguration(maximumParticipants: 5), "board": RoomConfiguration(isOpen: false)]
    let change = RoomsChange(from: old, to: new, servesKeys: true)
    #expect(change.rooms == new)
    #expect(change.changed == ["board", "demo", "hall"])
    #expect(change.waiting.isEmpty)
  }

  @Test func nothingChangesWhereNothingDoes() {
    let change = RoomsChange(from: Self.demo, to: Self.demo, servesKeys: false)
    #expect(change.rooms == Self.demo && change.changed.isEmpty && change.waiting.isEmpty)
  }

  @Test func roomsOfKeysWaitWhereThereIsNoStore() {
    let new = ["demo": RoomConfiguration(isOpen: false), "board": RoomConfiguration(isOpen: false)]
    let change = RoomsChange(from: Self.demo, to: new, servesKeys: false)
    #expect(change.rooms == Self.demo)
    #expect(change.changed.isEmpty)
    #expect(change.waiting == ["board", "demo"])
  }

  @Test func roomsOfOldServersWait() throws {
    let new = ["demo": try shadowed(), "old": try shadowed()]
    let coming = RoomsChange(from: Self.demo, to: new, servesKeys: true)
    #expect(coming.rooms == Self.demo && coming.waiting == ["demo", "old"])
    let going = RoomsChange(from: new, to: [:], servesKeys: true)
    #expect(going.rooms == new && going.waiting == ["demo", "old"])
  }
}
