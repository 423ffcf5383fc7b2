import AMF
import NIOCore
import RTMP
import Seeded

@testable import Replay

/// A session made for a test: a client of ours says what it is told to, at the times it is told to.
struct MadeSession {
  private var client: ClientSession
  private var server = ObligingServer()
  private var capture = RewrittenCaptureBuilder()
  private var time: Int64 = 0

  /// Connects, and publishes as `name` in the room `demo`.
  init(publishing name: String, app: String = "live/demo", handshake: ClientSession.HandshakeKind = .plain) throws {
    var random = SeededGenerator(seed: 11)
    client = ClientSession(
      connect: ConnectParameters(app: app, tcUrl: "rtmp://example.test/\(app)"), handshake: handshake, random: &random,
      now: .uptimeNanoseconds(0))
    try exchange()
    try client.createStream()
    try exchange()
    try client.publish(name, streamID: 1)
    try exchange()
  }

  /// Sends a message of the publication.
  mutating func send(_ message: MediaMessage, at milliseconds: Int64) throws {
    time = max(time, milliseconds * 1000)
    var message = message
    message.streamID = 1
    client.send(message)
    try exchange()
  }

  /// Ends the publication.
  mutating func unpublish(_ name: String) throws {
    try client.unpublish(name, streamID: 1)
    try exchange()
  }

  /// All that was said, as a session.
  func session() throws -> RecordedSession {
    let sessions = try RecordedSession.read(capture: capture.file)
    guard let session = sessions.first else { throw ReplayError.noSession }
    return session
  }

  private mutating func exchange() throws {
    let now = NIODeadline.uptimeNanoseconds(UInt64(time) * 1000)
    while true {
      var isQuiet = true
      while let said = client.output() {
        isQuiet = false
        capture.clientSays(said, at: time)
        try server.receive(said, at: now)
      }
      while var answer = server.output() {
        isQuiet = false
        capture.serverSays(answer, at: time)
        try client.receive(&answer, at: now)
      }
      while client.next() != nil {}
      if isQuiet { return }
      time += 100
    }
  }
}

/// Writes both sides of one connection as a capture.
private struct RewrittenCaptureBuilder {
  private var writer = CaptureWriter()
  private var sequences: [Bool: UInt32] = [true: 1, false: 1]

  init() {
    for talker in [Talker(), Talker().answering] {
      writer.packet(talker.says([], sequence: 0, flags: Talker.synchronize), at: 1_000)
    }
  }

  var file: ByteBuffer { writer.bytes }

  mutating func clientSays(_ bytes: ByteBuffer, at time: Int64) { says(bytes, isClient: true, at: time) }

  mutating func serverSays(_ bytes: ByteBuffer, at time: Int64) { says(bytes, isClient: false, at: time) }

  private mutating func says(_ bytes: ByteBuffer, isClient: Bool, at time: Int64) {
    let talker = isClient ? Talker() : Talker().answering
    var rest = bytes
    while let piece = rest.readSlice(length: min(rest.readableBytes, 16_000)), piece.readableBytes > 0 {
      let sequence = sequences[isClient] ?? 1
      writer.packet(talker.says(piece.readableBytesView, sequence: sequence), at: 2_000 + time)
      sequences[isClient] = sequence &+ UInt32(piece.readableBytes)
    }
  }
}
