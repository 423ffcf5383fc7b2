@testable import Media

extension AudioTranscoder {
  /// Pushes all frames and finishes.
  static func run(_ recording: Recording, to target: AudioTarget = .opus()) throws -> [EncodedFrame] {
    let transcoder = try AudioTranscoder(from: recording.neededAudioFormat(), to: target)
    return try transcoder.pushAll(recording.audio)
  }

  func pushAll(_ frames: [EncodedFrame]) throws -> [EncodedFrame] {
    var output: [EncodedFrame] = []
    for frame in frames { try self.push(frame) { output.append($0) } }
    try self.finish { output.append($0) }
    return output
  }
}

extension VideoTranscoder {
  /// Pushes all frames and finishes.
  static func run(_ recording: Recording, to target: VideoTarget = .vp8()) throws -> [EncodedFrame] {
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat(), to: target)
    var output = try transcoder.pushAll(recording.video)
    try transcoder.finish { output.append($0) }
    return output
  }

  func pushAll(_ frames: some Sequence<EncodedFrame>) throws -> [EncodedFrame] {
    var output: [EncodedFrame] = []
    for frame in frames { try self.push(frame) { output.append($0) } }
    return output
  }
}

extension VideoTarget.Codec {
  /// What a decoder of a transcoder's output must know.
  func format(of output: [EncodedFrame]) -> VideoFormat {
    switch self {
    case .vp8: VideoFormat(codec: .vp8)
    // libavcodec takes parameter sets behind start codes for the sign that all units stand behind such.
    case .h264: VideoFormat(codec: .h264, configuration: output.first?.data)
    }
  }
}
