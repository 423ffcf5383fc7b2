import Testing

@testable import Gateway

@Suite struct ConfigurationChangeTests {
  private static let rest = """
    listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
    rooms: { demo: { open: true } }
    """

  private func change(to text: String) throws -> ConfigurationChange {
    let folder = try ConfigurationFolder()
    try folder.write("10.0.0.1\n", to: "black.txt")
    return ConfigurationChange(from: try folder.parse(Self.rest), to: try folder.parse(text))
  }

  @Test(arguments: [
    "# a comment\n\n\(rest)", "\(rest)\naccess: { blacklist: [black.txt] }", "\(rest)\nlog: { level: debug }",
    "rooms: { demo: { open: true, access: { blacklist: [black.txt] } } }\nlisteners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]",
  ])
  func whatIsReadAnewNeedsNoRestart(text: String) throws {
    #expect(try change(to: text).sentence == nil)
  }

  @Test(arguments: [
    ("listeners: [{ address: 0.0.0.0:1936, accept: [rtmp] }]\nrooms: { demo: { open: true } }", "listeners"),
    ("listeners: [{ address: 0.0.0.0:1935, accept: [rtmp, policy] }]\nrooms: { demo: { open: true } }", "listeners"),
    ("\(rest)\nwebrtc: { udp_port: 8001 }", "webrtc"), ("\(rest)\nlimits: { sessions: 5 }", "limits"),
    ("\(rest)\naudit: { file: audit.jsonl }", "audit"), ("\(rest)\nlog: { format: json }", "log.format"),
    ("\(rest)\ndrain_timeout: 5s", "drain_timeout"), ("\(rest)\nadmin: { address: 127.0.0.1:9091 }", "admin"),
    ("\(rest)\nstore: { sqlite: other.db }", "store"),
  ])
  func aChangedSectionIsNamed(text: String, section: String) throws {
    #expect(try change(to: text).sections == [section])
  }

  @Test func waitingRoomsAreNamedOneByOne() throws {
    let folder = try ConfigurationFolder()
    let configuration = try folder.parse(Self.rest)
    let found = ConfigurationChange(from: configuration, to: configuration, waitingRooms: ["board", "demo"])
    #expect(found.sections == ["rooms"])
    #expect(found.sentence == "changed in the file, and in force only after a restart: rooms (board, demo)")
  }
}
