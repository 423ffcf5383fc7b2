import FLV
import Media
import NIOCore
import Rooms
import Testing

@testable import Edge
@testable import TestPublisher
import Seeded

@Suite struct LegacyDemuxerTests {
  struct Sound: Sendable {
    let format: SoundFormat
    var rate: SoundRate = .rate22050
    var bits = 16
    var channels = 1
    let becomes: AudioFormat?
  }

  static let sounds = [
    Sound(format: .nellymoser, becomes: AudioFormat(codec: .nellymoser, sampleRate: 22_050, channels: 1)),
    Sound(format: .nellymoser8k, becomes: AudioFormat(codec: .nellymoser, sampleRate: 8_000, channels: 1)),
    Sound(format: .nellymoser16k, becomes: AudioFormat(codec: .nellymoser, sampleRate: 16_000, channels: 1)),
    // What a Speex tag says of rate and channels is wrong by rule.
    Sound(
      format: .speex, rate: .rate44100, channels: 2,
      becomes: AudioFormat(codec: .speex, sampleRate: 16_000, channels: 1)),
    Sound(
      format: .mp3, rate: .rate44100, channels: 2,
      becomes: AudioFormat(codec: .mp3, sampleRate: 44_100, channels: 2)),
    Sound(format: .mp38k, becomes: AudioFormat(codec: .mp3, sampleRate: 8_000, channels: 1)),
    Sound(format: .g711ALaw, becomes: AudioFormat(codec: .pcmALaw, sampleRate: 8_000, channels: 1)),
    Sound(format: .g711MuLaw, becomes: AudioFormat(codec: .pcmMuLaw, sampleRate: 8_000, channels: 1)),
    Sound(
      format: .adpcm, rate: .rate11025, channels: 2,
      becomes: AudioFormat(codec: .adpcmSWF, sampleRate: 11_025, channels: 2)),
    Sound(
      format: .linearPCMLittleEndian, becomes: AudioFormat(codec: .pcmS16LE, sampleRate: 22_050, channels: 1)),
    Sound(
      format: .linearPCMPlatformEndian, bits: 8, becomes: AudioFormat(codec: .pcmU8, sampleRate: 22_050, channels: 1)),
    Sound(format: .deviceSpecific, becomes: nil),
  ]

  private func body(_ sound: Sound, _ data: [UInt8] = [1, 2, 3]) -> ByteBuffer {
    var body = ByteBuffer()
    AudioTagHeader(
      soundFormat: sound.format, rate: sound.rate, bitsPerSample: sound.bits, channels: sound.channels
    ).write(into: &body)
    body.writeBytes(data)
    return body
  }

  @Test(arguments: sounds)
  func eachSoundFormatIsNamed(sound: Sound) throws {
    var demuxer = LegacyDemuxer()
    let frame = try #require(try demuxer.audio(body(sound)))
    if let format = sound.becomes {
      #expect(frame.source == .audio(format))
      #expect(frame.data == ByteBuffer(bytes: [1, 2, 3]))
    } else {
      #expect(frame.source == .unsupported(kind: .audio, codec: "\(sound.format)", .noDecoder))
    }
    #expect(frame.isKeyFrame)
    #expect(frame.compositionTime == 0)
  }

  @Test(arguments: [
    (VideoCodecID.sorensonH263, VideoCodec.sorensonH263), (.screenVideo, .screenVideo), (.screenVideo2, .screenVideo2),
    (.vp6, .vp6), (.vp6Alpha, .vp6Alpha), (.h263, .h263),
  ])
  func eachVideoCodecIsNamed(id: VideoCodecID, codec: VideoCodec) throws {
    var demuxer = LegacyDemuxer()
    for (type, isKeyFrame) in [(VideoFrameType.keyFrame, true), (.interFrame, false), (.disposableInterFrame, false)] {
      let frame = try #require(try demuxer.video(video(type, id, [9, 8]), at: 0))
      #expect(frame.source == .video(VideoFormat(codec: codec), reorders: false))
      #expect(frame.isKeyFrame == isKeyFrame)
      #expect(frame.data == ByteBuffer(bytes: [9, 8]))
    }
  }

  @Test(arguments: [VideoCodecID.jpeg, .mpeg4Part2])
  func whatNoDecoderIsThereForIsUnsupported(id: VideoCodecID) throws {
    var demuxer = LegacyDemuxer()
    let frame = try #require(try demuxer.video(video(.keyFrame, id, [9]), at: 0))
    #expect(frame.source == .unsupported(kind: .video, codec: "\(id)", .noDecoder))
  }

  /// Enhanced RTMP's headers, whose codec is four letters, and reserved numbers of Adobe's format.
  @Test(arguments: [
    ("914f707573", "Opus", true), ("91666f6f21", "audio-9", false), ("90", "audio-9", false),
    ("c2ff", "audio-12", false), ("d2", "audio-13", false),
  ])
  func soundThatFLVHasNoPlaceForIsNamed(hex: String, codec: String, atOnce: Bool) throws {
    var demuxer = LegacyDemuxer()
    let body = ByteBuffer(hex: hex)
    if !atOnce {
      for _ in 0..<StrangeCodecs.patience { #expect(throws: FLVError.self) { try demuxer.audio(body) } }
    }
    #expect(try demuxer.audio(body)?.source == .unsupported(kind: .audio, codec: codec, .noDecoder))
  }

  @Test(arguments: [
    ("9068766331", "hvc1", true), ("a1617630310000", "av01", true), ("9066", "enhanced", false),
    ("1a00", "video-10", false), ("20", "video-0", false),
  ])
  func picturesThatFLVHasNoPlaceForAreNamed(hex: String, codec: String, atOnce: Bool) throws {
    var demuxer = LegacyDemuxer()
    let body = ByteBuffer(hex: hex)
    if !atOnce {
      // A good picture between two broken ones makes both mere accidents.
      #expect(throws: FLVError.self) { try demuxer.video(body, at: 0) }
      #expect(try demuxer.video(video(.keyFrame, .sorensonH263, [9]), at: 0)?.source.codecName == "flv1")
      for _ in 0..<StrangeCodecs.patience { #expect(throws: FLVError.self) { try demuxer.video(body, at: 0) } }
    }
    #expect(try demuxer.video(body, at: 0)?.source == .unsupported(kind: .video, codec: codec, .noDecoder))
  }

  @Test func framesWhoseConfigurationNeverComesAreToldInTheEnd() throws {
    var demuxer = LegacyDemuxer()
    let sound = ByteBuffer(bytes: [0xAF, 1, 9, 9])
    for _ in 0..<LegacyDemuxer.patience { #expect(try demuxer.audio(sound) == nil) }
    #expect(try demuxer.audio(sound)?.source == .unsupported(kind: .audio, codec: "aac", .noConfiguration))
    let picture = try demuxer.video(video(.keyFrame, .avc, [0, 0, 0, 1, 0x65]), at: 0)
    #expect(picture?.source == .unsupported(kind: .video, codec: "h264", .noConfiguration))
    _ = try demuxer.audio(ByteBuffer(bytes: [0xAF, 0, 0x14, 0x08]))
    #expect(try demuxer.audio(sound)?.source.codecName == "aac")
  }

  @Test func bodiesWithoutMediaGiveNothing() throws {
    var demuxer = LegacyDemuxer()
    #expect(try demuxer.audio(ByteBuffer()) == nil)
    #expect(try demuxer.video(ByteBuffer(), at: 0) == nil)
    #expect(try demuxer.audio(body(Self.sounds[0], [])) == nil)
    #expect(try demuxer.video(video(.interFrame, .sorensonH263, []), at: 0) == nil)
    // The seek commands of a player stand in a picture's place.
    #expect(try demuxer.video(video(.infoOrCommand, .sorensonH263, [0]), at: 0) == nil)
  }

  @Test func soundOfAACWaitsForItsConfiguration() throws {
    var demuxer = LegacyDemuxer()
    func aac(_ type: AACPacketType, _ data: [UInt8]) -> ByteBuffer {
      var body = ByteBuffer()
      AudioTagHeader(soundFormat: .aac, rate: .rate44100, bitsPerSample: 16, channels: 2, aacPacketType: type)
        .write(into: &body)
      body.writeBytes(data)
      return body
    }
    #expect(try demuxer.audio(aac(.raw, [1, 2])) == nil)
    #expect(try demuxer.audio(aac(.sequenceHeader, [0x14, 0x08])) == nil)
    let frame = try #require(try demuxer.audio(aac(.raw, [1, 2])))
    #expect(
      frame.source
        == .audio(
          AudioFormat(
            codec: .aac, sampleRate: 16_000, channels: 1, configuration: ByteBuffer(bytes: [0x14, 0x08]))))
    #expect(throws: FLVError.self) { try demuxer.audio(aac(.sequenceHeader, [])) }
    #expect(try demuxer.audio(aac(.raw, [3])) != nil, "a broken configuration does not undo the good one")
  }

  @Test func picturesOfAVCWaitForTheirConfigurationAndOneOutOfOrderMarksAll() throws {
    var demuxer = LegacyDemuxer()
    let configuration: [UInt8] = [
      1, 0x42, 0xC0, 0x1E, 0xFF, 0xE1, 0, 4, 0x67, 0x42, 0xC0, 0x1E, 1, 0, 2, 0x68, 0xCE,
    ]
    let picture: [UInt8] = [0, 0, 0, 2, 0x65, 0x88]
    #expect(try demuxer.video(video(.keyFrame, .avc, picture), at: 0) == nil)
    #expect(try demuxer.video(video(.keyFrame, .avc, configuration, packet: .sequenceHeader), at: 0) == nil)
    let format = VideoFormat(codec: .h264, configuration: ByteBuffer(bytes: configuration))
    let first = try #require(try demuxer.video(video(.keyFrame, .avc, picture), at: 0))
    #expect(first.source == .video(format, reorders: false))
    #expect(first.isKeyFrame)
    let ahead = try #require(try demuxer.video(video(.interFrame, .avc, picture, time: 80), at: 0))
    #expect(ahead.source == .video(format, reorders: true))
    #expect(ahead.compositionTime == 80)
    #expect(try demuxer.video(video(.interFrame, .avc, picture), at: 0)?.source == .video(format, reorders: true))
    // The same configuration again changes nothing; another one begins anew.
    #expect(try demuxer.video(video(.keyFrame, .avc, configuration, packet: .sequenceHeader), at: 0) == nil)
    #expect(try demuxer.video(video(.interFrame, .avc, picture), at: 0)?.source == .video(format, reorders: true))
    var other = configuration
    other[3] = 0x1F
    #expect(try demuxer.video(video(.keyFrame, .avc, other, packet: .sequenceHeader), at: 0) == nil)
    #expect(
      try demuxer.video(video(.keyFrame, .avc, picture), at: 0)?.source
        == .video(VideoFormat(codec: .h264, configuration: ByteBuffer(bytes: other)), reorders: false))
    #expect(try demuxer.video(video(.keyFrame, .avc, [], packet: .endOfSequence), at: 0) == nil)
    #expect(throws: FLVError.self) {
      try demuxer.video(video(.keyFrame, .avc, Array(configuration.prefix(5)), packet: .sequenceHeader), at: 0)
    }
    #expect(try demuxer.video(video(.interFrame, .avc, picture), at: 0) != nil)
  }

  @Test func mutatedBodiesAreFramesOrErrors() throws {
    var generator = SeededGenerator(seed: 11)
    let clip = try LegacyClip.h264()
    let bodies =
      Self.sounds.map { Array(body($0).readableBytesView) } + clip.prefix(4).map { Array($0.body.readableBytesView) }
    var demuxer = LegacyDemuxer()
    var (frames, refusals) = (0, 0)
    for round in 0..<10_000 {
      let mutated = ByteBuffer(bytes: generator.mutate(bodies[round % bodies.count]))
      do {
        let frame = round.isMultiple(of: 2) ? try demuxer.audio(mutated) : try demuxer.video(mutated, at: Int64(round))
        if let frame {
          frames += 1
          #expect(frame.data.readableBytes <= mutated.readableBytes)
        }
      } catch {
        refusals += 1
      }
    }
    #expect(frames > 1000)
    #expect(refusals > 100)
  }

  private func video(
    _ type: VideoFrameType, _ codec: VideoCodecID, _ data: [UInt8], packet: AVCPacketType? = nil, time: Int32 = 0
  ) -> ByteBuffer {
    var body = ByteBuffer()
    VideoTagHeader(frameType: type, codec: codec, avcPacketType: packet, compositionTime: time).write(into: &body)
    body.writeBytes(data)
    return body
  }
}

extension LegacyDemuxer.Frame: Equatable {
  /// Equal when all parts are.
  public static func == (left: Self, right: Self) -> Bool {
    left.source == right.source && left.data == right.data && left.compositionTime == right.compositionTime
      && left.isKeyFrame == right.isKeyFrame
  }
}
