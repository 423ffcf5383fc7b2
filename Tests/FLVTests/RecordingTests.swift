import FLV
import Foundation
import NIOCore
import Testing

/// Recordings by tools of others, in the folder that FLASHGATE_MEDIA names. They are no part of the repository.
private let recordings: URL? = {
  guard let path = ProcessInfo.processInfo.environment["FLASHGATE_MEDIA"], !path.isEmpty else { return nil }
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return nil }
  return URL(filePath: path, directoryHint: .isDirectory)
}()

@Suite(.enabled(if: recordings != nil, "FLASHGATE_MEDIA names no folder of recordings"))
struct RecordingTests {
  struct Recording: Sendable {
    let name: String
    var video: VideoCodecID?
    var pictures = 0
    var audio: SoundFormat?
    var sounds = 0
    var hasWrongSizes = false
  }

  @Test(arguments: [
    Recording(name: "flexsdk-video.flv", video: .vp6, pictures: 193),
    Recording(name: "flexsdk-short.flv", video: .sorensonH263, pictures: 101),
    Recording(name: "red5-vod-red5.flv", video: .vp6, pictures: 13),
    Recording(name: "red5-flashContent.flv", video: .avc, pictures: 395, audio: .speex, sounds: 50),
    Recording(name: "red5-h264_aac.flv", video: .avc, pictures: 446, audio: .aac, sounds: 1265, hasWrongSizes: true),
    Recording(name: "ruffle-vp6.flv", video: .vp6, pictures: 1),
    Recording(name: "ruffle-vp6a.flv", video: .vp6Alpha, pictures: 1),
    Recording(name: "ruffle-rufflelogo.flv", video: .screenVideo, pictures: 1),
    Recording(name: "tika-testFLV.flv", video: .sorensonH263, pictures: 28, audio: .mp3, sounds: 37),
  ])
  func recordingGivesAllItsPictures(recording: Recording) throws {
    let folder = try #require(recordings)
    let file = ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: recording.name)))
    let (tags, damage) = FLVReaderTests.read(file, inPiecesOf: 1000)
    #expect(FLVReaderTests.read(file).tags == tags)
    var pictures = 0
    var sounds = 0
    for tag in tags where tag.body.readableBytes > 0 {
      var body = tag.body
      switch tag.type {
      case .audio:
        #expect(try AudioTagHeader.read(from: &body).soundFormat == recording.audio)
        sounds += 1
      case .video:
        let header = try VideoTagHeader.read(from: &body)
        guard header.frameType != .infoOrCommand else { continue }
        #expect(header.codec == recording.video)
        if header.avcPacketType == nil || header.avcPacketType == .nalUnits { pictures += 1 }
      case .scriptData: continue
      }
    }
    #expect(pictures == recording.pictures)
    #expect(sounds == recording.sounds)
    // The one writer that gets the field wrong does so every time; nothing else is damaged.
    #expect(damage.wrongPreviousTagSizes == (recording.hasWrongSizes ? tags.count : 0))
    #expect(damage.skippedBytes + damage.unfinishedBytes + damage.skippedTags == 0)
  }
}
