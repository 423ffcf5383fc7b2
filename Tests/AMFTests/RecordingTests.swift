import AMF
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
  /// Width and codec, where the recorder said them; one writes the codec as a name.
  @Test(
    arguments: [
      ("flexsdk-video.flv", 320, 4), ("flexsdk-short.flv", 320, nil), ("red5-vod-red5.flv", 480, 4),
      ("red5-flashContent.flv", nil, "avc1"), ("tika-testFLV.flv", 170, 2),
    ] as [(String, AMFValue?, AMFValue?)])
  func metadataOfARecordingIsDecoded(name: String, width: AMFValue?, codec: AMFValue?) throws {
    let folder = try #require(recordings)
    let file = ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: name)))
    let head = try #require(file.getInteger(at: 13, as: UInt32.self))
    var body = try #require(file.getSlice(at: 24, length: Int(head & 0xFF_FFFF)))
    var decoder = AMF0Decoder()
    #expect(try decoder.decode(&body) == "onMetaData")
    let metadata = try decoder.decode(&body)
    #expect(metadata.objectValue?["width"] == width)
    #expect(metadata.objectValue?["videocodecid"] == codec)
    #expect(body.readableBytes == 0)
  }
}
