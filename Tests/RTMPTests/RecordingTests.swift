import AMF
import NIOCore
import Testing

@testable import RTMP

@Suite("Recorded clients")
struct RecordingTests {
  private func play(_ name: String, split: Int = .max) throws -> ObligingServer {
    var server = ObligingServer()
    let bytes = try Recordings.bytes(name)
    try server.receive(bytes, split: min(split, bytes.count))
    return server
  }

  @Test(arguments: Recordings.all)
  func areReadTheSameInEverySplit(name: String) throws {
    let whole = try play(name).events
    #expect(whole.count >= 2)
    for split in [1, 2, 3, 7, 13, 128, 1000, 1537, 4096] {
      #expect(try play(name, split: split).events == whole, "split \(split)")
    }
  }

  @Test(arguments: [
    ("ffmpeg-flv1-nellymoser", "alice", 63, 5), ("ffmpeg-h264-aac", "avc", 46, 12),
    ("ffmpeg-extended-time", "late", 100, 20), ("gstreamer-rtmp2sink", "gst2", 52, 6),
    ("librtmp-rtmpsink", "librtmp", 52, 6),
  ])
  func publishersAreServedToTheEnd(name: String, stream: String, audio: Int, video: Int) throws {
    let server = try play(name)
    #expect(server.publishRequests.map(\.name) == [stream])
    #expect(server.media.filter { $0.kind == .audio }.count == audio)
    #expect(server.media.filter { $0.kind == .video }.count == video)
    #expect(server.endedPublications == [stream])
    let metadata = server.events.compactMap {
      if case .metadata(_, let values) = $0 { values.objectValue } else { nil }
    }
    #expect(metadata.first?["width"] == 64)
  }

  @Test func ffmpegSignsItsHelloAndSendsItsKeyWithTheName() throws {
    let bytes = try Recordings.bytes("ffmpeg-flv1-nellymoser")
    #expect(DigestHandshake.find(in: Array(bytes[1..<1537]), key: .player)?.0 == .zero)
    let server = try play("ffmpeg-flv1-nellymoser")
    #expect(server.connectRequest?.app == "live/demo")
    #expect(server.publishRequests.first?.queryItems == [QueryItem(name: "key", value: "k1")])
  }

  @Test func extendedTimesGoOn() throws {
    let times = try play("ffmpeg-extended-time").media.filter { $0.kind == .video }.map(\.timestamp)
    #expect(times == (0..<20).map { 16_776_200 + 100 * $0 })
  }

  @Test func rtmpdumpsExtraArgumentsHoldAKey() throws {
    let server = try play("rtmpdump-play")
    let request = try #require(server.connectRequest)
    #expect(request.app == "live")
    #expect(request.audioCodecs == 3191)
    #expect(request.pageUrl == "http://h/p")
    #expect(request.extraArguments == [true, "key1", ["n": 42]])
    #expect(request.accessKeyCandidates() == ["key1"])
    let plays = server.events.compactMap { if case .play(let request) = $0 { request } else { nil } }
    #expect(plays.map(\.start) == [-1000])
    #expect(plays.first?.queryItems == [QueryItem(name: "key", value: "k2")])
  }

  @Test func librtmpNamesNoVersion() throws {
    #expect(try play("librtmp-rtmpsink").connectRequest?.flashVer == nil)
  }
}
