import LoadPeers
import NIOCore
import RTMP

/// A publisher's bytes behind its set-up, in the pieces a socket would give, and the server's session that awaits them.
struct RecordedStream {
  /// As it stood when the publication was accepted: each run begins with a copy.
  let session: ServerSession
  let pieces: [ByteBuffer]
  let byteCount: Int
  let messages: Int
  let chunks: Int

  enum Failure: Error { case notPublishing, messagesMissing(Int) }

  init(_ publication: Publication, chunkSize: UInt32, pieceSize: Int = 16_384) throws {
    var random = SystemRandomNumberGenerator()
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var server = ServerSession(random: &random, now: now)
    var client = PublishingClient(app: "live/room", name: "alice", chunkSize: chunkSize, random: &random, now: now)
    while client.state == .connecting {
      guard var forward = client.output() else { throw Failure.notPublishing }
      try server.receive(&forward, at: now)
      while let event = server.next() {
        switch event {
        case .connect: server.acceptConnect()
        case .publish(let request): server.acceptPublish(streamID: request.streamID)
        default: break
        }
      }
      if var back = server.output() { try client.receive(&back, at: now) }
    }
    guard case .publishing(let id) = client.state else { throw Failure.notPublishing }
    _ = client.output()
    self.session = server
    let all = publication.beginning + publication.frames
    var chunks = 0
    for var message in all {
      message.streamID = id
      chunks += (message.body.readableBytes + Int(chunkSize) - 1) / Int(chunkSize)
      client.session.send(message)
    }
    var bytes = client.output() ?? ByteBuffer()
    self.byteCount = bytes.readableBytes
    var pieces: [ByteBuffer] = []
    while let piece = bytes.readBytes(length: min(pieceSize, bytes.readableBytes)), !piece.isEmpty {
      pieces.append(ByteBuffer(bytes: piece))
    }
    self.pieces = pieces
    self.messages = all.count
    self.chunks = chunks
    let got = try self.parse()
    guard got == self.messages else { throw Failure.messagesMissing(self.messages - got) }
  }

  /// All pieces through a session; the number of media messages that came out.
  @discardableResult
  func parse() throws -> Int {
    var session = self.session
    return try self.parse(&session)
  }

  /// The same through a session that has been running.
  @discardableResult
  func parse(_ session: inout ServerSession) throws -> Int {
    let now = NIODeadline.uptimeNanoseconds(2_000_000_000)
    var count = 0
    for piece in self.pieces {
      var piece = piece
      try session.receive(&piece, at: now)
      while let event = session.next() { if case .media = event { count += 1 } }
      _ = session.output()
    }
    return count
  }
}
