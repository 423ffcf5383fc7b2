import Foundation

/// What real clients sent, byte for byte; the README beside them says how they came about.
enum Recordings {
  static let all = [
    "ffmpeg-flv1-nellymoser", "ffmpeg-h264-aac", "ffmpeg-extended-time", "ffmpeg-play", "gstreamer-rtmp2sink",
    "gstreamer-rtmp2src", "librtmp-rtmpsink", "rtmpdump-play",
  ]

  static func bytes(_ name: String) throws -> [UInt8] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/\(name).bin")
    return Array(try Data(contentsOf: file))
  }
}
