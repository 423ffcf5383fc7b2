import Foundation
import NIOCore
import RTMP
import Testing

@testable import Replay
import Seeded

/// The recordings under Fixtures.
struct Fixture: Sendable, CustomTestStringConvertible {
  let name: String
  let participant: String
  let hasPictures: Bool

  static let all = [
    Fixture(name: "ffmpeg-flv1-nellymoser", participant: "flash-speaker", hasPictures: true),
    Fixture(name: "ffmpeg-h264-aac", participant: "ffmpeg-h264", hasPictures: true),
    Fixture(name: "ffmpeg-audio-only", participant: "ffmpeg-voice", hasPictures: false),
    Fixture(name: "librtmp-flv1-nellymoser", participant: "librtmp-flv1", hasPictures: true),
    Fixture(name: "rtmp2sink-h264-aac", participant: "rtmp2sink-h264", hasPictures: true),
  ]

  var testDescription: String { name }

  func session() throws -> RecordedSession {
    let top = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let file = try Data(contentsOf: top.appending(path: "Fixtures/\(name).pcapng"))
    let sessions = try RecordedSession.read(capture: ByteBuffer(bytes: file))
    guard sessions.count == 1, let session = sessions.first else { throw ReplayError.noSession }
    return session
  }
}

/// A server that says yes to everything, and remembers what it was told.
struct ObligingServer {
  private(set) var session: ServerSession
  private(set) var published: [String] = []
  private(set) var media: [MediaMessage] = []
  private(set) var ended: [String] = []

  init(seed: UInt64 = 1) {
    var random = SeededGenerator(seed: seed)
    session = ServerSession(random: &random, now: .uptimeNanoseconds(0))
  }

  mutating func receive(_ bytes: ByteBuffer, at now: NIODeadline) throws {
    var bytes = bytes
    while var piece = bytes.readSlice(length: min(bytes.readableBytes, 32_768)), piece.readableBytes > 0 {
      try session.receive(&piece, at: now)
      drain()
    }
  }

  mutating func output() -> ByteBuffer? { session.output() }

  private mutating func drain() {
    while let event = session.next() {
      switch event {
      case .connect: session.acceptConnect()
      case .publish(let request):
        published.append(request.name)
        session.acceptPublish(streamID: request.streamID)
      case .media(let message): media.append(message)
      case .publishEnded(_, let name): ended.append(name)
      case .play, .playEnded, .metadata: break
      }
    }
  }

  func count(_ kind: MediaMessage.Kind) -> Int { media.count { $0.kind == kind } }
}
