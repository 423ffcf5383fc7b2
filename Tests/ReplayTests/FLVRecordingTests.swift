import FLV
import NIOCore
import RTMP
import Seeded
import Testing

@testable import Replay

@Suite struct FLVRecordingTests {
  /// A file of these tags.
  static func file(_ tags: [FLVTag]) throws -> ByteBuffer {
    let writer = FLVWriter()
    var file = ByteBuffer()
    writer.writeHeader(hasAudio: true, hasVideo: true, into: &file)
    for tag in tags { try writer.write(tag, into: &file) }
    return file
  }

  private static func tag(_ type: FLVTagType, at time: UInt32, _ body: [UInt8]) -> FLVTag {
    FLVTag(type: type, timestamp: time, body: ByteBuffer(bytes: body))
  }

  static let tags = [
    tag(.scriptData, at: 1000, [2, 0, 10] + Array("onMetaData".utf8) + [3, 0, 0, 9]),
    tag(.video, at: 1000, [0x22, 1, 2, 3]), tag(.audio, at: 1020, [0x6E, 4, 5]), tag(.video, at: 1040, [0x22, 6]),
    tag(.audio, at: 1010, [0x6E, 7]),
  ]

  @Test func aFileOfMediaIsAClientThatPublishesIt() throws {
    let contents = try CaptureContents(reading: try Self.file(Self.tags), name: "voice")
    let session = try #require(contents.sessions.first)
    #expect(contents.notices.isEmpty)
    #expect(session.transport == .file && session.client == nil)
    var server = ObligingServer()
    for segment in session.segments { try server.receive(segment.bytes, at: .uptimeNanoseconds(0)) }
    #expect(server.published == ["voice"] && server.ended == ["voice"])
    let media = server.media.filter { $0.kind != .data }
    #expect(media.map(\.body) == Self.tags.dropFirst().map(\.body))
    #expect(media.map(\.timestamp) == [1000, 1020, 1040, 1010])
    // Each at its time, and a time that steps back at once.
    #expect(session.segments.suffix(5).map(\.time) == [0, 20_000, 40_000, 40_000, 40_000])
    #expect(session.segments.suffix(5).map(\.packet) == [2, 3, 4, 5, 5])
    let inspection = SessionInspection(session)
    #expect(inspection.connect.contains { $0.name == "app" && $0.value == "\"live/demo\"" })
    #expect(inspection.findings.map(\.rule) == [.backwards(kind: "audio", from: 1020, to: 1010)])
  }

  @Test func theSameFileGivesTheSameBytesAndNamesItsOffsets() throws {
    let file = try Self.file(Self.tags)
    let sessions = try [CaptureContents(reading: file), CaptureContents(reading: file)].flatMap(\.sessions)
    let bytes = sessions.map { $0.segments.flatMap { $0.bytes.readableBytesView } }
    #expect(bytes.count == 2 && bytes[0] == bytes[1])
    // Header and size of nothing, then a tag of 11 and its body, and its size.
    #expect(sessions[0].segments.first?.offset == 13)
    #expect(sessions[0].segments.last { $0.packet == 2 }?.offset == 13 + 11 + 17 + 4)
  }

  @Test func damageIsToldAndAnEmptyFileRefused() throws {
    var file = try Self.file(Self.tags)
    file.writeBytes([9, 0, 1, 0])
    let contents = try CaptureContents(reading: file)
    #expect(contents.sessions.count == 1)
    guard case .damagedFile(let damage) = try #require(contents.notices.first).cause else { return }
    #expect(damage.unfinishedBytes == 4)
    #expect(throws: ReplayError.notACapture(offset: 9, "an FLV file without a tag")) {
      _ = try CaptureContents(reading: try Self.file([]))
    }
  }

  @Test func aThousandDamagedFilesNeitherTrapNorHang() throws {
    let original = Array(try Self.file(Self.tags + Self.tags + Self.tags).readableBytesView)
    var outcomes = (read: 0, told: 0)
    for seed in 0..<1_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = original
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        bytes[Int.random(in: 3..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do throws(ReplayError) {
        let contents = try CaptureContents(reading: ByteBuffer(bytes: bytes))
        outcomes.told += contents.notices.isEmpty ? 0 : 1
        for session in contents.sessions { _ = SessionInspection(session) }
        outcomes.read += contents.sessions.count
      } catch {
        #expect(!error.description.isEmpty)
        outcomes.told += 1
      }
    }
    #expect(outcomes.read > 100 && outcomes.told > 100, "\(outcomes)")
  }
}
