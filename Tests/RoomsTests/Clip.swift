import FLV
import Foundation
import Media
import NIOCore
import Testing

@testable import Rooms

/// Frames that ffmpeg made: 2 s of 160x120 pictures at 25 a second with a key frame each second, and a tone.
struct Clip {
  struct Frame: Sendable {
    let source: SourceFormat
    let data: ByteBuffer
    /// Milliseconds at which the frame is shown.
    let timestamp: Int64
    let isKeyFrame: Bool

    func later(by milliseconds: Int64) -> Frame {
      Frame(source: source, data: data, timestamp: timestamp + milliseconds, isKeyFrame: isKeyFrame)
    }
  }

  var pictures: [Frame] = []
  var sounds: [Frame] = []

  static func flv1() throws -> Clip { try Clip("flv1-nellymoser") }
  static func h264() throws -> Clip { try Clip("h264") }
  /// The same codec with pictures out of order.
  static func reordered() throws -> Clip { try Clip("h264-reordered", reorders: true) }

  private init(_ name: String, reorders: Bool = false) throws {
    let url = try #require(Bundle.module.url(forResource: "Clips/\(name)", withExtension: "flv"))
    var bytes = ByteBuffer(bytes: try Data(contentsOf: url))
    var reader = FLVReader()
    reader.receive(&bytes)
    reader.finish()
    var configuration: ByteBuffer?
    while let tag = reader.next() {
      var body = tag.body
      switch tag.type {
      case .audio:
        let header = try AudioTagHeader.read(from: &body)
        let format = AudioFormat(codec: .nellymoser, sampleRate: header.sampleRate, channels: header.channels)
        sounds.append(
          Frame(source: .audio(format), data: body, timestamp: Int64(tag.timestamp), isKeyFrame: true))
      case .video:
        let header = try VideoTagHeader.read(from: &body)
        if header.avcPacketType == .sequenceHeader { configuration = body }
        guard header.avcPacketType == nil || header.avcPacketType == .nalUnits else { continue }
        let format = VideoFormat(codec: configuration == nil ? .sorensonH263 : .h264, configuration: configuration)
        pictures.append(
          Frame(
            source: .video(format, reorders: reorders), data: body,
            timestamp: Int64(tag.timestamp) + Int64(header.compositionTime), isKeyFrame: header.isKeyFrame))
      case .scriptData: break
      }
    }
  }
}
