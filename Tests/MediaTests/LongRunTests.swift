import Foundation
import NIOCore
import Testing

@testable import Media

/// Half an hour of each codec in virtual time: short clips one after another, their stamps in whole milliseconds, as
/// RTMP carries them. Nothing sleeps.
@Suite(.enabled(if: FFmpeg.isInstalled, "ffmpeg makes the material and is not installed"))
struct LongRunTests {
  private static let minutes: Int64 = 30
  /// Most that picture or sound may move against the stamps, in microseconds.
  private static let drift = 20_000.0
  /// What a process grows by through other tests beside it; a frame kept of each message would be many times that.
  private static let memory = 100 << 20

  struct Sound: Sendable, CustomTestStringConvertible {
    let codec: String
    let rate: Int
    var arguments: [String] = []
    var testDescription: String { "\(self.codec) \(self.rate)" }
  }

  /// One of each decoder: what a codec's other rates do, shorter tests say.
  @Test(arguments: [
    Sound(codec: "nellymoser", rate: 22_050),
    Sound(codec: "libspeex", rate: 16_000, arguments: ["-frames_per_packet", "2"]),
    Sound(codec: "libmp3lame", rate: 22_050), Sound(codec: "aac", rate: 44_100), Sound(codec: "pcm_alaw", rate: 8_000),
    Sound(codec: "adpcm_swf", rate: 22_050), Sound(codec: "pcm_s16be", rate: 11_025),
  ])
  func soundStaysWithItsStamps(_ sound: Sound) throws {
    let recording = Recording(
      flv: try FFmpeg.make(
        Recordings.tone(sound.rate, 1) + ["-c:a", sound.codec] + sound.arguments))
    // The cheapest encoding there is: what time does is the same.
    let transcoder = try AudioTranscoder(
      from: recording.neededAudioFormat(), to: .opus(channels: 1, bitRate: 6_000), limits: .init(), complexity: 0)
    let length = try Self.length(of: recording)
    let rounds = Self.minutes * 60_000_000 / length
    var (last, packets, gaps, first, before): (Int64?, Int, Int, Double?, Int) = (nil, 0, 0, nil, 0)
    var furthest = 0.0
    for round in 0..<rounds {
      var lead = 0.0
      for frame in recording.audio {
        let time = (round * length + frame.time) / 1_000 * 1_000
        try transcoder.push(EncodedFrame(time: time, isKeyFrame: true, data: frame.data)) { packet in
          // Counted and not expected each: a hundred thousand expectations take longer than the codec.
          if let last, packet.time - last != 20_000 { gaps += 1 }
          last = packet.time
          packets += 1
        }
        lead += Double((last ?? time) - time)
      }
      // Over a whole clip the steps of packets and messages even out.
      let mean = lead / Double(recording.audio.count)
      if round == 1 { (first, before) = (mean, ProcessMemory.resident) }
      if let first { furthest = max(furthest, abs(mean - first)) }
    }
    #expect(gaps == 0)
    #expect(furthest <= Self.drift)
    #expect(abs(packets - Int(rounds * length / 20_000)) <= 3)
    #expect(ProcessMemory.resident - before < Self.memory)
    #expect(transcoder.damagedFrames == 0)
  }

  struct Pictures: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    var size = "64x48"
    var target = VideoTarget.Codec.vp8
    var testDescription: String { "\(self.arguments[1]) to \(self.target)" }
  }

  @Test(arguments: [
    Pictures(arguments: ["-c:v", "flv1"]), Pictures(arguments: ["-c:v", "flashsv"]),
    Pictures(arguments: ["-c:v", "flashsv2"]), Pictures(arguments: ["-c:v", "h263", "-strict", "-1"], size: "128x96"),
    Pictures(arguments: ["-c:v", "libx264", "-tune", "zerolatency"]),
    Pictures(arguments: ["-c:v", "libx264", "-bf", "2", "-b_strategy", "0"]),
    Pictures(arguments: ["-c:v", "libx264", "-bf", "2", "-b_strategy", "0"], target: .h264),
  ])
  func picturesStayWithTheirStamps(_ pictures: Pictures) throws {
    let arguments = ["-f", "lavfi", "-i", "testsrc2=s=\(pictures.size):r=5:d=6", "-pix_fmt", "yuv420p", "-g", "30"]
    let recording = Recording(flv: try FFmpeg.make(arguments + pictures.arguments))
    try self.run(recording, lasting: 6_000_000, to: VideoTarget(codec: pictures.target))
  }

  /// What no program here writes: 193 pictures, stretched to a minute.
  @Test(.enabled(if: StrangersRecordings.arePresent, "FLASHGATE_MEDIA names no folder of recordings"))
  func picturesOfVP6StayWithTheirStamps() throws {
    var recording = try StrangersRecordings.read("flexsdk-video.flv")
    for index in recording.video.indices { recording.video[index].time = Int64(index) * 60_000_000 / 193 }
    try self.run(recording, lasting: 60_000_000, to: VideoTarget(codec: .vp8, reduction: 8))
  }

  private func run(_ recording: Recording, lasting length: Int64, to target: VideoTarget) throws {
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat(), to: target)
    let rounds = Self.minutes * 60_000_000 / length
    var times: [Int64] = []
    var before = 0
    for round in 0..<rounds {
      for frame in recording.video {
        let frame = EncodedFrame(time: round * length + frame.time, isKeyFrame: frame.isKeyFrame, data: frame.data)
        try transcoder.push(frame) { times.append($0.time) }
      }
      if round == 1 { before = ProcessMemory.resident }
    }
    try transcoder.finish { times.append($0.time) }
    let stamps = (0..<rounds).flatMap { round in recording.video.map { round * length + $0.time } }.sorted()
    #expect(times.count == stamps.count)
    let wrong = zip(times, stamps).first { $0 != $1 }
    #expect(wrong == nil, "each picture at its own time, to the end")
    #expect(ProcessMemory.resident - before < Self.memory)
    #expect(transcoder.damagedFrames == 0)
  }

  /// The time that a clip's sound takes up, by its samples: the last message may be a short one.
  private static func length(of recording: Recording) throws -> Int64 {
    var decoder = try Decoder(recording.neededAudioFormat(), limits: .init())
    var length: Int64 = 0
    for frame in recording.audio {
      try decoder.decode(frame) { (sound: borrowing Frame) in
        let decoded = sound.pointer.pointee
        length += Int64(decoded.nb_samples) * 1_000_000 / Int64(decoded.sample_rate)
      }
    }
    return length
  }
}
