import AMF
import NIOCore
import Testing

@testable import Replay

/// The linter's rules about calls, windows and the handshake.
@Suite struct RuleTests {
  /// Messages of one side, each in a chunk of format 0.
  private struct Speech {
    var bytes: [UInt8]

    init(hello: [UInt8], echo: [UInt8]) { bytes = [3] + hello + echo }

    mutating func message(_ type: UInt8, on chunkStream: UInt8 = 3, stream: UInt8 = 0, _ body: [UInt8]) {
      bytes.append(chunkStream)
      bytes.append(contentsOf: [0, 0, 0, 0, UInt8(body.count >> 8), UInt8(body.count & 0xFF), type, stream, 0, 0, 0])
      // The chunk size is 128 until it is changed.
      for start in stride(from: 0, to: body.count, by: 128) {
        if start > 0 { bytes.append(0xC0 | chunkStream) }
        bytes.append(contentsOf: body[start..<min(start + 128, body.count)])
      }
    }

    mutating func command(_ name: String, _ transaction: Double, stream: UInt8 = 0, _ values: [AMFValue] = [.null])
      throws
    {
      var body = ByteBuffer()
      var encoder = AMF0Encoder()
      for value in [.string(name), .number(transaction)] + values { try encoder.encode(value, into: &body) }
      message(20, on: 3, stream: stream, Array(body.readableBytesView))
    }
  }

  private static let c1 = [UInt8](repeating: 0, count: 8) + (0..<1528).map { UInt8(truncatingIfNeeded: $0) }
  private static let s1 = [UInt8](repeating: 0, count: 8) + (0..<1528).map { UInt8(truncatingIfNeeded: $0 &* 3) }
  private static let connect: [AMFValue] = [["app": "live", "tcUrl": "rtmp://h/live"]]

  private func client() -> Speech { Speech(hello: Self.c1, echo: Self.s1) }

  private func server() -> Speech { Speech(hello: Self.s1, echo: Self.c1) }

  private func findings(_ client: Speech, _ server: Speech? = nil) throws -> [Finding] {
    var file = CaptureWriter()
    let talker = Talker()
    file.packet(talker.says(client.bytes.prefix(1537), sequence: 1), at: 1)
    let said = server?.bytes ?? self.server().bytes
    file.packet(talker.answering.says(said.prefix(3073), sequence: 1), at: 2)
    file.packet(talker.says(client.bytes[1537...], sequence: 1538), at: 3)
    for start in stride(from: 3073, to: said.count, by: 1000) {
      file.packet(
        talker.answering.says(said[start..<min(start + 1000, said.count)], sequence: 1 + UInt32(start)), at: 4)
    }
    let session = try #require(try CaptureContents(reading: file.bytes).sessions.first)
    let findings = SessionInspection(session).findings
    for finding in findings {
      #expect(finding.offset == file.offset(ofPacket: finding.packet))
      #expect(finding.description.contains("at offset \(finding.offset)"))
    }
    return findings
  }

  @Test func aTidySessionHasNoFindings() throws {
    var client = client()
    try client.command("connect", 1, Self.connect)
    try client.command("createStream", 2)
    try client.command("publish", 3, stream: 1, [.null, "a", "live"])
    client.message(8, on: 4, stream: 1, [0x6E, 1])
    try client.command("deleteStream", 0, [.null, 1])
    var server = server()
    try server.command("_result", 1, [.null, .null])
    try server.command("_result", 2, [.null, 1])
    #expect(try findings(client, server) == [])
  }

  @Test func callsOutOfOrderAreFound() throws {
    var client = client()
    try client.command("createStream", 2)
    try client.command("connect", 1, stream: 1, [["app": "live"]])
    try client.command("connect", 3, Self.connect)
    #expect(
      try findings(client).map(\.rule) == [
        .beforeConnect(command: "createStream"), .connectOffConnection(streamID: 1), .connectFieldMissing("tcUrl"),
        .connectedTwice,
      ])
    client = self.client()
    try client.command("connect", 1, Self.connect)
    try client.command("publish", 2, stream: 1, [.null, "a", "live"])
    try client.command("closeStream", 0, stream: 1)
    client.message(9, on: 6, stream: 2, [0x22, 1])
    #expect(
      try findings(client).map(\.rule) == [
        .noStream(command: "publish", streamID: 1), .unpublishedMedia(streamID: 2),
      ])
  }

  @Test func answersThatNobodyAskedForAreFoundOnce() throws {
    var client = client()
    try client.command("connect", 1, Self.connect)
    var server = server()
    try server.command("_result", 1)
    for transaction in [7, 8, 9] { try server.command("_result", Double(transaction)) }
    let found = try findings(client, server)
    #expect(found.map(\.rule) == [.answerWithoutCall(name: "_result", transaction: 7)])
    #expect(found.first?.count == 3 && found.first?.side == "server")
  }

  @Test func chunkStreamsSizesAndEventsOutsideTheSpecificationAreFound() throws {
    var client = client()
    try client.command("connect", 1, Self.connect)
    client.message(8, on: 2, stream: 0, [])
    client.message(4, on: 2, [0, 200])
    client.message(4, on: 4, [0, 3, 0, 0, 0, 1, 0, 0, 0, 9])
    client.message(1, on: 2, [1, 0, 0, 0])
    #expect(
      try findings(client).map(\.rule) == [
        .reservedChunkStream(type: 8), .mediaOnConnection, .unknownUserControl(event: 200),
        .controlOutOfPlace(type: 4, chunkStream: 4, streamID: 0), .largeChunkSize(1 << 24),
      ])
  }

  @Test(arguments: [2_500, 20_000]) func aWindowThatIsNotAcknowledgedIsTheReceiversFault(bytes: Int) throws {
    var client = client()
    try client.command("connect", 1, Self.connect)
    var server = server()
    server.message(5, on: 2, [0, 0, 0x10, 0])
    for _ in 0..<bytes / 100 { server.message(8, on: 4, stream: 1, [0x6E] + [UInt8](repeating: 1, count: 99)) }
    let found = try findings(client, server)
    #expect(found.map(\.rule) == (bytes > 8192 ? [.unacknowledged(window: 4096)] : []))
    #expect(found.allSatisfy { $0.side == "client" && $0.count == 2 })
  }

  @Test func aHandshakeThatRepeatsNothingIsFoundOnItsSide() throws {
    var client = Speech(hello: Self.c1, echo: Self.c1)
    try client.command("connect", 1, Self.connect)
    let found = try findings(client)
    #expect(found.map(\.rule) == [.handshakeNotEchoed] && found.first?.side == "client")
    var tidy = self.client()
    try tidy.command("connect", 1, Self.connect)
    let other = try findings(tidy, Speech(hello: Self.s1, echo: Self.s1))
    #expect(other.map(\.rule) == [.handshakeNotEchoed] && other.first?.side == "server")
  }
}
