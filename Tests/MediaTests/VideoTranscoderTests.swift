import Foundation
import NIOCore
import Testing

@testable import Media

@Suite(.enabled(if: FFmpeg.isInstalled, "ffmpeg makes the material and is not installed"))
struct VideoTranscoderTests {
  private let vp8 = VideoFormat(codec: .vp8)

  @Test(arguments: VideoTarget.Codec.allCases)
  func sorensonComesThroughPictureByPicture(_ codec: VideoTarget.Codec) throws {
    let recording = try Recordings.flv1.get()
    let output = try VideoTranscoder.run(recording, to: VideoTarget(codec: codec))
    #expect(output.map(\.time) == recording.video.map(\.time))
    #expect(output.map(\.isKeyFrame) == [true] + Array(repeating: false, count: output.count - 1))
    let before = try Picture.decode(recording.video, recording.neededVideoFormat())
    let after = try Picture.decode(output, codec.format(of: output))
    #expect(after.count == 75)
    for (index, pair) in zip(before, after).enumerated() {
      let psnr = pair.0.psnr(against: pair.1)
      #expect(psnr > 30, "picture \(index): \(psnr) dB")
    }
  }

  @Test func h264IsConstrainedBaselineBehindItsParameterSets() throws {
    let recording = try Recordings.flv1Odd.get()
    let output = try VideoTranscoder.run(recording, to: .h264())
    let first = try #require(output.first).data
    // A start code, then the sequence parameter set: its profile, and constraint_set1 (ITU-T H.264, A.2.1).
    #expect(Array(first.readableBytesView.prefix(6)) == [0, 0, 0, 1, 0x67, 66])
    #expect((first.getInteger(at: 6, as: UInt8.self) ?? 0) & 0x40 != 0)
    // 4:2:0 has no odd sides.
    let pictures = try Picture.decode(output, VideoTarget.Codec.h264.format(of: output))
    #expect(pictures.count == 25)
    #expect(pictures.allSatisfy { $0.width == 170 && $0.height == 122 })
  }

  @Test func bitRateIsKeptNearTheTarget() throws {
    let recording = try Recordings.flv1.get()
    let bytes = try VideoTranscoder.run(recording).dropFirst().reduce(0) { $0 + $1.data.readableBytes }
    #expect((100_000...500_000).contains(bytes * 8 / 3))
  }

  @Test func oddSizesKeepLumaAndChroma() throws {
    let recording = try Recordings.flv1Odd.get()
    let before = try Picture.decode(recording.video, recording.neededVideoFormat())
    let after = try Picture.decode(VideoTranscoder.run(recording), self.vp8)
    #expect(after.count == 25)
    #expect(after.allSatisfy { $0.width == 171 && $0.height == 123 })
    for pair in zip(before, after) { #expect(pair.0.psnr(against: pair.1) > 28) }
  }

  @Test(arguments: [Recordings.numberedFLV1, Recordings.numberedH264, Recordings.numberedH264LowDelay])
  func picturesLeaveInOrderOfPresentation(_ recording: Result<Recording, any Error>) throws {
    let recording = try recording.get()
    let output = try VideoTranscoder.run(recording)
    #expect(output.map(\.time) == recording.video.map(\.time).sorted())
    #expect(try Picture.decode(output, self.vp8).map(\.number) == Array(0..<75))
  }

  @Test func streamWithoutReorderingIsNotDelayed() throws {
    let recording = try Recordings.numberedH264LowDelay.get()
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat())
    for frame in recording.video {
      var times: [Int64] = []
      try transcoder.push(frame) { times.append($0.time) }
      #expect(times == [frame.time])
    }
  }

  @Test(arguments: [Recordings.screenVideo, Recordings.screenVideo2, Recordings.h263])
  func otherPictureCodecsComeThrough(_ recording: Result<Recording, any Error>) throws {
    let recording = try recording.get()
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat())
    let output = try transcoder.pushAll(recording.video)
    let pictures = try Picture.decode(output, self.vp8)
    #expect(pictures.count == recording.video.count)
    let last = try #require(pictures.last)
    let size = try #require(transcoder.pictureSize)
    #expect((last.width, last.height) == size)
    // The test picture is neither black nor gray: luma and chroma both span most of their range.
    for plane in last.planes { #expect(Int(plane.max() ?? 0) - Int(plane.min() ?? 0) > 100) }
  }

  @Test func sizeChangeOpensANewEncoderWithAKeyFrame() throws {
    let (small, large) = (try Recordings.flv1Odd.get(), try Recordings.flv1.get())
    let later = large.video.map { frame in
      EncodedFrame(time: frame.time + 1_000_000, isKeyFrame: frame.isKeyFrame, data: frame.data)
    }
    let transcoder = try VideoTranscoder(from: small.neededVideoFormat())
    let output = try transcoder.pushAll(small.video + later)
    let keys = output.enumerated().filter(\.element.isKeyFrame).map(\.offset)
    #expect(keys == [0, 25])
    let widths = try Picture.decode(output, self.vp8).map(\.width)
    #expect(widths == Array(repeating: 171, count: 25) + Array(repeating: 320, count: 75))
  }

  @Test func keyFrameComesWithTheNextPictureAfterARequest() throws {
    let recording = try Recordings.flv1.get()
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat())
    _ = try transcoder.pushAll(recording.video[..<20])
    transcoder.requestKeyFrame()
    let output = try transcoder.pushAll(recording.video[20..<23])
    #expect(output.map(\.isKeyFrame) == [true, false, false])
    // Nothing before the key frame is needed.
    #expect(try Picture.decode(output, self.vp8).count == 3)
  }

  @Test func catchingUpShowsTheLastPictureAsAKeyFrame() throws {
    let recording = try Recordings.numberedFLV1.get()
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat())
    var output: [EncodedFrame] = []
    try transcoder.encodeLatestPicture { output.append($0) }
    #expect(output.isEmpty)
    for frame in recording.video[..<18] { try transcoder.catchUp(frame) }
    try transcoder.encodeLatestPicture { output.append($0) }
    #expect(output.map(\.isKeyFrame) == [true])
    #expect(output.first?.time == recording.video[17].time)
    output += try transcoder.pushAll(recording.video[18..<20])
    #expect(try Picture.decode(output, self.vp8).map(\.number) == [17, 18, 19])
    // Shown again for a second listener, at a later time.
    try transcoder.encodeLatestPicture(at: recording.video[22].time) { output.append($0) }
    #expect(output.last?.isKeyFrame == true)
    #expect(output.last?.time == recording.video[22].time)
  }

  @Test(arguments: [
    [0, 0, 0, 0, 0], [0, 40, 20, 60, 80], [5_000, 5_040, 0, 40, 80], [0, 40, 90_000_000, 90_000_040, 1],
  ])
  func timesAlwaysIncrease(_ milliseconds: [Int64]) throws {
    let recording = try Recordings.flv1.get()
    let frames = zip(recording.video, milliseconds).map { frame, time in
      EncodedFrame(time: time * 1_000, isKeyFrame: frame.isKeyFrame, data: frame.data)
    }
    let output = try VideoTranscoder(from: recording.neededVideoFormat()).pushAll(frames)
    #expect(output.count == milliseconds.count)
    #expect(zip(output, output.dropFirst()).allSatisfy { $1.time > $0.time })
    #expect(try Picture.decode(output, self.vp8).count == milliseconds.count)
  }

  @Test(arguments: VideoTarget.Codec.allCases)
  func bitRateChangeTakesEffectWithoutAKeyFrame(_ codec: VideoTarget.Codec) throws {
    let recording = try Recordings.flv1.get()
    let target = VideoTarget(codec: codec, bitRate: 800_000)
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat(), to: target)
    let before = try transcoder.pushAll(recording.video[..<35])
    try transcoder.setTargetBitRate(100_000)
    let after = try transcoder.pushAll(recording.video[35..<75])
    let bytes = { (frames: ArraySlice<EncodedFrame>) in frames.reduce(0) { $0 + $1.data.readableBytes } / frames.count }
    #expect(after.allSatisfy { !$0.isKeyFrame })
    #expect(bytes(after[15...]) * 3 < bytes(before[15...]))
    #expect(throws: MediaError.formatOutOfRange(field: "bit rate", value: 29_999)) {
      try transcoder.setTargetBitRate(29_999)
    }
  }

  @Test(arguments: VideoTarget.Codec.allCases)
  func aReducedTargetHasSmallerAndFewerPictures(_ codec: VideoTarget.Codec) throws {
    let recording = try Recordings.flv1.get()
    let target = VideoTarget(codec: codec, reduction: 2, pictureRate: 10)
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat(), to: target)
    let output = try transcoder.pushAll(recording.video)
    // 75 pictures of 25 a second are three seconds.
    #expect((29...31).contains(output.count))
    let pictures = try Picture.decode(output, codec.format(of: output))
    #expect(pictures.allSatisfy { $0.width == 160 && $0.height == 120 })
    #expect(pictures.count == output.count)
  }

  @Test func targetsOutOfRangeAreRefused() throws {
    let format = try Recordings.flv1.get().neededVideoFormat()
    for target in [
      VideoTarget(codec: .vp8, reduction: 0), VideoTarget(codec: .vp8, reduction: 9),
      VideoTarget(codec: .vp8, pictureRate: 0), VideoTarget(codec: .h264, pictureRate: 121),
      VideoTarget(codec: .h264, bitRate: 20_000_001),
    ] {
      #expect(throws: MediaError.self) { try VideoTranscoder(from: format, to: target) }
    }
  }

  @Test func oneBadFrameIsCountedAndTooManyInARowAreThrown() throws {
    let recording = try Recordings.flv1.get()
    var limits = MediaLimits()
    limits.damagedInARow = 5
    let transcoder = try VideoTranscoder(from: recording.neededVideoFormat(), limits: limits)
    let garbage = EncodedFrame(time: 0, isKeyFrame: false, data: ByteBuffer(repeating: 0xFF, count: 50))
    for _ in 0..<5 { #expect(try transcoder.pushAll([garbage]).isEmpty) }
    #expect(transcoder.damagedFrames == 5)
    // A good frame forgives them.
    #expect(try transcoder.pushAll(recording.video[..<1]).count == 1)
    for _ in 0..<5 { #expect(try transcoder.pushAll([garbage]).isEmpty) }
    #expect(throws: MediaError.self) { try transcoder.pushAll([garbage]) }
  }

  @Test func pictureBeyondTheLimitIsDamageBeforeMemoryIsTaken() throws {
    let recording = try Recordings.flv1.get()
    var limits = MediaLimits()
    limits.picturePixels = 320 * 240
    #expect(
      try VideoTranscoder(from: recording.neededVideoFormat(), limits: limits).pushAll(recording.video).count == 75)
    limits.picturePixels -= 1
    let refusing = try VideoTranscoder(from: recording.neededVideoFormat(), limits: limits)
    #expect(try refusing.pushAll(recording.video).isEmpty)
    #expect(refusing.damagedFrames == 75)
    limits = .init()
    limits.pictureSide = 319
    let narrow = try VideoTranscoder(from: recording.neededVideoFormat(), limits: limits)
    #expect(try narrow.pushAll(recording.video).isEmpty)
  }

  @Test func h264NeedsItsConfiguration() {
    #expect(throws: MediaError.configurationMissing(codec: "h264")) {
      try VideoTranscoder(from: VideoFormat(codec: .h264))
    }
    let long = ByteBuffer(repeating: 1, count: MediaLimits().configuration + 1)
    #expect(throws: MediaError.configurationTooLong(codec: "h264", length: 65_537, limit: 65_536)) {
      try VideoTranscoder(from: VideoFormat(codec: .h264, configuration: long))
    }
  }
}
