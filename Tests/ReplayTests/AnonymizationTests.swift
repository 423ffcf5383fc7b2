import AMF
import NIOCore
import RTMP
import Seeded
import Testing

@testable import Replay

@Suite struct AnonymizationTests {
  private static let secrets = [
    "sesame", "alice", "board", "192.0.2.7", "old.example.org", "player.swf", "page.html", "Bob",
  ]

  private func anonymization(
    keeping kept: Set<Anonymization.Part> = [], recordsMedia: Bool = true, seed: UInt64 = 1
  ) -> Anonymization {
    var random = SeededGenerator(seed: seed)
    return Anonymization(keeping: kept, recordsMedia: recordsMedia, random: &random)
  }

  /// A client and a server that talk to each other, heard by a recording; bytes go in pieces of `split`.
  private struct Talk {
    var client: ClientSession
    var server: ServerSession
    var recording: ConnectionRecording?
    var blocks: [ByteBuffer]
    let split: Int
    private(set) var published: [String] = []

    init(_ anonymization: Anonymization?, split: Int) throws {
      var random = SeededGenerator(seed: 4)
      let object: AMFObject = [
        "app": "live/board?key=sesame", "flashVer": "WIN 32,0,0,465",
        "tcUrl": "rtmp://old.example.org:1935/live/board?key=sesame",
        "swfUrl": "https://old.example.org/player.swf", "pageUrl": "https://old.example.org/page.html?user=Bob",
        "audioCodecs": 3575,
      ]
      client = ClientSession(
        connect: ConnectParameters(object: object, arguments: ["sesame", "Bob"]), random: &random,
        now: .uptimeNanoseconds(0))
      server = ServerSession(random: &random, now: .uptimeNanoseconds(0))
      recording = ConnectionRecording(
        client: .init(address: "192.0.2.7", port: 50_000), server: .init(address: "198.51.100.2", port: 1935),
        number: 7,
        anonymization: anonymization)
      blocks = recording?.opened(at: 1) ?? []
      self.split = split
      try exchange()
      try client.createStream()
      try exchange()
      try client.publish("mp4:alice?key=sesame&lang=Bob", streamID: 1)
      try client.call("sayHello", ["Bob", ["user": "alice", "age": 7], .array(["Bob", 1])])
      try exchange()
      try client.sendMetadata(["width": 320, "title": "Bob", "encoder": "Lavf"], streamID: 1)
      client.send(
        MediaMessage(
          kind: .audio, streamID: 1, timestamp: 20, body: ByteBuffer(bytes: [0x6E] + [UInt8](repeating: 9, count: 300)))
      )
      client.send(MediaMessage(kind: .video, streamID: 1, timestamp: 40, body: ByteBuffer(bytes: [0x22, 1, 2])))
      try exchange()
    }

    private mutating func hear(_ bytes: ByteBuffer, by side: TCPNarration.Side) {
      var rest = bytes
      while let piece = rest.readSlice(length: min(split, rest.readableBytes)), piece.readableBytes > 0 {
        blocks += recording?.said(piece, by: side, at: UInt64(blocks.count) * 1_000_000) ?? []
      }
    }

    private mutating func exchange() throws {
      var isTalking = true
      while isTalking {
        isTalking = false
        if var bytes = client.output() {
          hear(bytes, by: .client)
          try server.receive(&bytes, at: .uptimeNanoseconds(0))
          isTalking = true
        }
        while let event = server.next() {
          switch event {
          case .connect: server.acceptConnect()
          case .publish(let request):
            published.append(request.name)
            server.acceptPublish(streamID: request.streamID)
          default: break
          }
        }
        if var bytes = server.output() {
          hear(bytes, by: .server)
          try client.receive(&bytes, at: .uptimeNanoseconds(0))
          while client.next() != nil {}
          isTalking = true
        }
      }
    }

    var file: ByteBuffer {
      var file = PcapNGWriter.header(application: "test", comment: "")
      for block in blocks { file.writeImmutableBuffer(block) }
      return file
    }
  }

  /// Texts of the secrets that stand in a file, in letters or as an address.
  private func leaks(in file: ByteBuffer) -> [String] {
    let text = String(decoding: file.readableBytesView, as: Unicode.ASCII.self)
    var found = Self.secrets.filter { text.contains($0) }
    if Array(file.readableBytesView).firstRange(of: [192, 0, 2, 7]) != nil { found.append("the address") }
    return found
  }

  @Test(arguments: [1, 13, 1460, 100_000])
  func nothingIsLeftOfNamesKeysAddressesAndPages(split: Int) throws {
    let plain = try Talk(nil, split: split)
    // In pieces, whole names stand in no packet.
    if split > 1460 { #expect(leaks(in: plain.file).count == Self.secrets.count) }
    let talk = try Talk(anonymization(), split: split)
    #expect(leaks(in: talk.file) == [])
    #expect(talk.recording?.loss == nil)
    let session = try #require(try CaptureContents(reading: talk.file).sessions.first)
    #expect(session.client?.address.hasPrefix("10.") == true && session.client?.port == 50_000)
    #expect(session.server?.port == 1935)
    let inspection = SessionInspection(session)
    #expect(inspection.findings.map(\.rule) == [.leftWithoutClosing])
    #expect(inspection.tracks.map(\.frames) == [1, 1])
    let before = SessionInspection(try #require(try CaptureContents(reading: plain.file).sessions.first))
    #expect(inspection.commands.map(\.name) == before.commands.map(\.name))
    #expect(inspection.connect.map(\.name) == before.connect.map(\.name))
  }

  @Test func aRecordingThatWasMadeAnonymousPlaysAsTheSameClient() throws {
    let talk = try Talk(anonymization(), split: 1000)
    let session = try #require(try CaptureContents(reading: talk.file).sessions.first)
    var server = ObligingServer()
    for segment in session.segments { try server.receive(segment.bytes, at: .uptimeNanoseconds(0)) }
    #expect(server.published.count == 1 && server.published.first?.hasPrefix("mp4:name-") == true)
    #expect(server.media.filter { $0.kind != .data }.map(\.timestamp) == [20, 40])
  }

  @Test func theSameIsReplacedByTheSameWithinARecordingAndByOthersInTheNext() throws {
    func connect(_ seed: UInt64) throws -> [String: String] {
      let talk = try Talk(anonymization(seed: seed), split: 1000)
      let inspection = SessionInspection(try #require(try CaptureContents(reading: talk.file).sessions.first))
      return Dictionary(inspection.connect.map { ($0.name, $0.value) }) { first, _ in first }
    }
    let (first, again, other) = (try connect(1), try connect(1), try connect(2))
    #expect(first == again && first["app"] != other["app"])
    let app = try #require(first["app"]?.dropFirst().dropLast())
    // The application in its own field and in the address stays one, and so does the host in three of them.
    #expect(first["tcUrl"]?.hasSuffix("/\(app)\"") == true)
    let host = try #require(first["tcUrl"]?.split(separator: "/")[1].split(separator: ":").first)
    #expect(
      host.hasPrefix("host-") && first["swfUrl"]?.contains(host) == true && first["pageUrl"]?.contains(host) == true)
    #expect(first["flashVer"] == "\"WIN 32,0,0,465\"")
  }

  @Test func keysGoWhateverIsKept() throws {
    let talk = try Talk(anonymization(keeping: [.names, .addresses, .urls]), split: 1000)
    let text = String(decoding: talk.file.readableBytesView, as: Unicode.ASCII.self)
    #expect(!text.contains("sesame"))
    for name in Self.secrets where name != "sesame" && name != "192.0.2.7" { #expect(text.contains(name), "\(name)") }
    #expect(talk.published == ["mp4:alice"])
  }

  @Test func soundAndPicturesAreLeftOutOnRequest() throws {
    let talk = try Talk(anonymization(recordsMedia: false), split: 1000)
    let inspection = SessionInspection(try #require(try CaptureContents(reading: talk.file).sessions.first))
    #expect(inspection.tracks.isEmpty && inspection.commands.contains { $0.name == "publish" })
  }

  @Test func whatCannotBeReadIsNotRecorded() throws {
    func record(_ bytes: [UInt8]) throws -> (ConnectionRecording, Int) {
      var recording = try #require(
        ConnectionRecording(
          client: .init(address: "192.0.2.7", port: 1), server: .init(address: "192.0.2.8", port: 2), number: 1,
          anonymization: anonymization()))
      let blocks = recording.said(ByteBuffer(bytes: bytes), by: .client, at: 1)
      return (recording, blocks.count)
    }
    let (tunnel, packets) = try record(Array("POST /open/1 HTTP/1.1\r\n".utf8))
    #expect(tunnel.loss == .notRTMP && tunnel.unrecordedBytes == 23 && packets == 0)
    // A header of format 3 on a chunk stream that has none before it.
    let (broken, _) = try record([3] + [UInt8](repeating: 0, count: 3072) + [0xC5, 1, 2])
    guard case .unreadable = broken.loss else {
      Issue.record("\(String(describing: broken.loss))")
      return
    }
  }

  @Test func addressesOfBothKindsBecomePrivateOnes() {
    let pseudonyms = anonymization().pseudonyms
    #expect(IPPacket.Address(pseudonyms.address(for: "203.0.113.9"))?.bytes.first == 10)
    #expect(IPPacket.Address(pseudonyms.address(for: "2001:db8::9"))?.bytes.prefix(2) == [0xFD, 0])
  }
}
