import Foundation
import Testing

@testable import Media
import Seeded

/// What other tools really wrote; the folder's name comes from the environment.
@Suite(.enabled(if: StrangersRecordings.arePresent, "FLASHGATE_MEDIA names no folder of recordings"))
struct StrangersRecordingTests {
  @Test(arguments: [
    ("flexsdk-video.flv", VideoCodec.vp6, 193, 320, 240), ("red5-vod-red5.flv", .vp6, 13, 480, 368),
    ("ruffle-vp6.flv", .vp6, 1, 640, 480), ("ruffle-vp6a.flv", .vp6Alpha, 1, 640, 480),
    ("red5-flashContent.flv", .h264, 395, 320, 240), ("red5-h264_aac.flv", .h264, 446, 0, 0),
    ("tika-testFLV.flv", .sorensonH263, 28, 170, 120), ("flexsdk-short.flv", .sorensonH263, 101, 320, 240),
    ("ruffle-rufflelogo.flv", .screenVideo, 1, 128, 128),
  ])
  func everyPictureComesThrough(_ name: String, _ codec: VideoCodec, _ count: Int, _ width: Int, _ height: Int) throws {
    let recording = try StrangersRecordings.read(name)
    let format = try recording.neededVideoFormat()
    #expect(format.codec == codec)
    let output = try VideoTranscoder.run(recording)
    #expect(output.count == count)
    let before = try Picture.decode(recording.video, format)
    let after = try Picture.decode(output, VideoFormat(codec: .vp8))
    #expect(after.count == count)
    if width > 0 { #expect(after.allSatisfy { $0.width == width && $0.height == height }) }
    guard codec != .vp6Alpha, codec != .screenVideo else { return }
    for pair in zip(before, after) { #expect(pair.0.psnr(against: pair.1) > 25) }
  }

  @Test(arguments: ["flexsdk-video.flv", "ruffle-vp6a.flv", "red5-flashContent.flv"])
  func mutatedPicturesDoNoHarm(_ name: String) throws {
    let recording = try StrangersRecordings.read(name)
    let format = try recording.neededVideoFormat()
    var limits = MediaLimits()
    limits.picturePixels = 1 << 19
    var random = SeededGenerator(seed: 3)
    var transcoder = try VideoTranscoder(from: format, limits: limits)
    for round in 0..<500 {
      var frame = recording.video[round % recording.video.count]
      Mutation.apply(to: &frame, using: &random)
      do {
        try transcoder.push(frame) { _ in }
      } catch {
        transcoder = try VideoTranscoder(from: format, limits: limits)
      }
    }
  }

  @Test func alphaIsLaidOnBlack() throws {
    let recording = try StrangersRecordings.read("ruffle-vp6a.flv")
    let raw = try #require(try Picture.decode(recording.video, recording.neededVideoFormat()).first)
    let shown = try #require(
      try Picture.decode(VideoTranscoder.run(recording), VideoFormat(codec: .vp8)).first)
    // Nothing gets brighter; what is see-through gets black.
    let pairs = Array(zip(raw.planes[0], shown.planes[0]))
    #expect(pairs.filter { Int($1) > Int($0) + 40 }.count * 100 < pairs.count)
    #expect(shown.planes[0].contains { $0 < 24 })
  }

  @Test func bothSpeexFramesOfAMessageAreHeard() throws {
    // 32 000 samples at 16 kHz: two seconds.
    let recording = try StrangersRecordings.read("red5-flashContent.flv")
    var decoder = try Decoder(recording.neededAudioFormat(), limits: .init())
    var samples = 0
    for frame in recording.audio {
      try decoder.decode(frame) { (sound: borrowing Frame) in samples += Int(sound.pointer.pointee.nb_samples) }
    }
    #expect(samples == 32_000)
    #expect(decoder.damaged == 0)
    let packets = try AudioTranscoder.run(recording)
    #expect(packets.count >= 100)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time >= 20_000 })
  }

  /// MP3 of 22 050 Hz has 576 samples in a message, and the file 37 of these.
  @Test(arguments: [("red5-h264_aac.flv", AudioCodec.aac, 29.0), ("tika-testFLV.flv", .mp3, 37.0 * 576 / 22_050)])
  func soundComesThrough(_ name: String, _ codec: AudioCodec, _ seconds: Double) throws {
    let recording = try StrangersRecordings.read(name)
    #expect(try recording.neededAudioFormat().codec == codec)
    let packets = try AudioTranscoder.run(recording)
    #expect(abs(Double(packets.count) / 50 - seconds) < max(0.03, seconds / 40))
  }
}
