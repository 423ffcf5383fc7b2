import FLV
import Foundation
import NIOCore

/// The tags of a small FLV file that ffmpeg made: 50 pictures of 160x120 with a key frame each second.
enum LegacyClip {
  static func h264() throws -> [FLVTag] { try read("h264") }
  static func flv1() throws -> [FLVTag] { try read("flv1-nellymoser") }

  private static func read(_ name: String) throws -> [FLVTag] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    var bytes = ByteBuffer(bytes: try Data(contentsOf: tests.appending(path: "RoomsTests/Clips/\(name).flv")))
    var reader = FLVReader()
    reader.receive(&bytes)
    reader.finish()
    var tags: [FLVTag] = []
    while let tag = reader.next() { if tag.type != .scriptData { tags.append(tag) } }
    return tags
  }
}
