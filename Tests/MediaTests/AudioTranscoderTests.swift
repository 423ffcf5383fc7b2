import Foundation
import NIOCore
import Testing

@testable import Media
import Seeded

@Suite(.enabled(if: FFmpeg.isInstalled, "ffmpeg makes the material and is not installed"))
struct AudioTranscoderTests {
  /// Checks a run of packets against the tone of `Recordings.tone`.
  private func expectTone(_ packets: [EncodedFrame], from: Double = 0.5, to: Double = 2.5) throws {
    let sound = try Sound(opus: packets)
    let tone = Tone(sound.left(from, to), rate: sound.rate)
    #expect(abs(tone.frequency - 440) < 4.4)
    #expect(abs(tone.decibels(against: 0.5)) < 1)
  }

  @Test(arguments: [Recordings.nellymoser8, Recordings.nellymoser16, Recordings.nellymoser22])
  func nellymoserKeepsToneAndLevel(_ recording: Result<Recording, any Error>) throws {
    let packets = try AudioTranscoder.run(recording.get())
    try self.expectTone(packets)
    #expect(abs(packets.count - 150) <= 4)
  }

  @Test func aacKeepsToneAndLevel() throws {
    try self.expectTone(try AudioTranscoder.run(Recordings.aacMono.get()))
    try self.expectTone(try AudioTranscoder.run(Recordings.aacStereo.get()))
  }

  /// No program here writes HE-AAC. What the configuration says of it is what a decoder goes by, and a core without the
  /// upper half of its spectrum is a stream of that kind.
  @Test func highEfficiencyAACIsHeardAtTwiceTheRateOfItsCore() throws {
    var recording = try Recordings.sound("aac", rate: 22_050, channels: 1)
    // Object type 5, core 22 050 Hz, mono, extension 44 100 Hz, then the core's type 2 (ISO/IEC 14496-3, 1.6.2.1).
    let configuration = ByteBuffer(bytes: [0x2B, 0x8A, 0x08, 0x00])
    recording.audioFormat = AudioFormat(codec: .aac, sampleRate: 44_100, channels: 1, configuration: configuration)
    var decoder = try Decoder(recording.neededAudioFormat(), limits: .init())
    var rates: Set<Int32> = []
    for frame in recording.audio {
      try decoder.decode(frame) { (sound: borrowing Frame) in rates.insert(sound.pointer.pointee.sample_rate) }
    }
    #expect(rates == [44_100])
    let packets = try AudioTranscoder.run(recording)
    try self.expectTone(packets)
    #expect(abs(packets.count - 150) <= 6)
  }

  /// The same by a record that speaks of the extension behind the core's own description, as old encoders write it for
  /// decoders that do not know it (ISO/IEC 14496-3, 1.6.6.1), and by one that leaves it to the stream.
  @Test(
    arguments: [
      ([0x13, 0x88, 0x56, 0xE5, 0xA0], 44_100), ([0x13, 0x88], 22_050),
    ] as [([UInt8], Int32)])
  func highEfficiencyAACIsHeardHoweverItIsSignalled(_ record: [UInt8], _ rate: Int32) throws {
    var recording = try Recordings.sound("aac", rate: 22_050, channels: 1)
    // FLV says 44 100 Hz and stereo of all AAC, whatever is in it.
    recording.audioFormat = AudioFormat(
      codec: .aac, sampleRate: 44_100, channels: 2, configuration: ByteBuffer(bytes: record))
    var decoder = try Decoder(recording.neededAudioFormat(), limits: .init())
    var rates: Set<Int32> = []
    for frame in recording.audio {
      try decoder.decode(frame) { (sound: borrowing Frame) in rates.insert(sound.pointer.pointee.sample_rate) }
    }
    #expect(rates == [rate])
    let packets = try AudioTranscoder.run(recording)
    try self.expectTone(packets)
    #expect(abs(packets.count - 150) <= 6)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
  }

  @Test func eachPacketTellsHowLoudItIs() throws {
    // A tone of half of full scale: 20 log10(0.5 / sqrt 2).
    let packets = try AudioTranscoder.run(Recordings.nellymoser22.get())
    #expect(packets[25..<125].allSatisfy { abs(Int($0.attenuation ?? 0) - 9) <= 1 })
    let format = AudioFormat(codec: .pcmALaw, sampleRate: 8_000, channels: 1)
    let transcoder = try AudioTranscoder(from: format)
    var silence: [EncodedFrame] = []
    for index in 0..<20 {
      let message = EncodedFrame(
        time: Int64(index) * 20_000, isKeyFrame: true, data: ByteBuffer(repeating: 0xD5, count: 160))
      try transcoder.push(message) { silence.append($0) }
    }
    #expect(silence.count >= 15)
    #expect(silence.allSatisfy { ($0.attenuation ?? 0) > 70 })
  }

  @Test func monoStaysMonoAndStereoStaysStereo() throws {
    let mono = try Recordings.nellymoser22.get()
    #expect(try AudioTranscoder(from: mono.neededAudioFormat()).channels == 1)
    let stereo = try Recordings.aacStereo.get()
    #expect(try AudioTranscoder(from: stereo.neededAudioFormat()).channels == 2)
    // The stereo bit of an Opus packet is the third of its first byte (RFC 6716, 3.1).
    let isStereo = { (packet: EncodedFrame) in (packet.data.getInteger(at: 0, as: UInt8.self) ?? 0) & 4 != 0 }
    #expect(try AudioTranscoder.run(mono).allSatisfy { !isStereo($0) })
    #expect(try AudioTranscoder.run(stereo, to: .opus(channels: 1)).allSatisfy { !isStereo($0) })
    try self.expectTone(try AudioTranscoder.run(stereo, to: .opus(channels: 1)))
    try self.expectTone(try AudioTranscoder.run(mono, to: .opus(channels: 2)))
  }

  @Test(arguments: [
    ("libspeex", 16_000, 1), ("libmp3lame", 22_050, 1), ("libmp3lame", 44_100, 2), ("pcm_mulaw", 8_000, 1),
    ("pcm_alaw", 8_000, 1), ("adpcm_swf", 11_025, 1), ("adpcm_swf", 44_100, 2), ("pcm_s16le", 44_100, 2),
    ("pcm_s16be", 22_050, 1), ("pcm_u8", 11_025, 1),
  ])
  func everyOtherCodecThatFFmpegMakesKeepsToneAndLevel(_ codec: String, _ rate: Int, _ channels: Int) throws {
    let recording = try Recordings.sound(codec, rate: rate, channels: channels)
    try self.expectTone(try AudioTranscoder.run(recording))
  }

  @Test func packetsFollowEachOtherEvery20ms() throws {
    var recording = try Recordings.nellymoser22.get()
    let start: Int64 = 123_456_789
    for index in recording.audio.indices { recording.audio[index].time += start }
    let packets = try AudioTranscoder.run(recording)
    #expect(packets.first?.time == recording.audio[0].time)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
  }

  @Test func gapInTheStreamIsAGapInTheOutput() throws {
    var recording = try Recordings.nellymoser22.get()
    for index in recording.audio.indices.dropFirst(30) { recording.audio[index].time += 5_000_000 }
    let packets = try AudioTranscoder.run(recording)
    let steps = zip(packets, packets.dropFirst()).map { $1.time - $0.time }
    #expect(steps.filter { $0 != 20_000 }.count == 1)
    #expect(packets.contains { $0.time == recording.audio[30].time })
  }

  @Test func jumpBackGoesOnWithoutRepeatingATime() throws {
    var recording = try Recordings.nellymoser22.get()
    for index in recording.audio.indices { recording.audio[index].time += 10_000_000 }
    for index in recording.audio.indices.dropFirst(30) { recording.audio[index].time -= 10_500_000 }
    let packets = try AudioTranscoder.run(recording)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
    #expect(packets.count >= 149)
  }

  @Test func jitterBelowTheThresholdIsEvenedOut() throws {
    var recording = try Recordings.nellymoser22.get()
    var random = SeededGenerator(seed: 7)
    for index in recording.audio.indices.dropFirst() {
      recording.audio[index].time += Int64.random(in: -40_000...40_000, using: &random)
    }
    let packets = try AudioTranscoder.run(recording)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
    try self.expectTone(packets)
  }

  @Test func slowDriftIsFollowedWithoutAGap() throws {
    // A sound card 0.2 % slow: over 40 s it would be 80 ms off.
    let once = try Recordings.nellymoser22.get()
    let repeated = (0..<14).flatMap { _ in once.audio }
    let length = 256.0 / 22_050
    var time = 0.0
    let frames = repeated.map { frame in
      defer { time += Double(frame.data.readableBytes / 64) * length * 1.002 }
      return EncodedFrame(time: Int64(time * 1e6), isKeyFrame: true, data: frame.data)
    }
    let transcoder = try AudioTranscoder(from: once.neededAudioFormat())
    let packets = try transcoder.pushAll(frames)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
    let end = try #require(packets.last).time + 20_000
    #expect(abs(end - Int64(time * 1e6)) < 45_000)
  }

  @Test func driftIsFollowedThoughTheRateNeedsNoResampling() throws {
    // 20 ms messages of 48 kHz sound whose clock runs 0.2 % slow for 60 s.
    let transcoder = try AudioTranscoder(from: AudioFormat(codec: .pcmS16LE, sampleRate: 48_000, channels: 1))
    let frames = (0..<3_000).map { number in
      let samples = (0..<960).map { Int16(16_384 * sin(2 * .pi * 440 * Double(number * 960 + $0) / 48_000)) }
      var data = ByteBuffer()
      for sample in samples { data.writeInteger(sample, endianness: .little) }
      return EncodedFrame(time: Int64(number) * 20_040, isKeyFrame: true, data: data)
    }
    let packets = try transcoder.pushAll(frames)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.time - $0.time == 20_000 })
    #expect(abs(packets.count - 3_006) <= 2)
    try self.expectTone(packets, from: 1, to: 50)
  }

  @Test func moreThanTwoChannelsAreMixedDown() throws {
    let arguments = ["-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t):s=44100:d=3", "-ac", "6", "-c:a", "aac"]
    let recording = Recording(flv: try FFmpeg.make(arguments))
    let packets = try AudioTranscoder.run(recording)
    let tone = Tone(try Sound(opus: packets).left(0.5, 2.5), rate: 48_000)
    #expect(abs(tone.frequency - 440) < 4.4)
    #expect((-12...1).contains(tone.decibels(against: 0.5)))
  }

  @Test func formatsOutOfRangeAreRefused() throws {
    let make = { (rate: Int, channels: Int) throws(MediaError) in
      _ = try AudioTranscoder(from: AudioFormat(codec: .nellymoser, sampleRate: rate, channels: channels))
    }
    try make(4_000, 1)
    try make(192_000, 1)
    #expect(throws: MediaError.formatOutOfRange(field: "sample rate", value: 3_999)) { try make(3_999, 1) }
    #expect(throws: MediaError.formatOutOfRange(field: "sample rate", value: 192_001)) { try make(192_001, 1) }
    #expect(throws: MediaError.formatOutOfRange(field: "channel count", value: 0)) { try make(8_000, 0) }
    #expect(throws: MediaError.formatOutOfRange(field: "channel count", value: 3)) { try make(8_000, 3) }
    #expect(throws: MediaError.configurationMissing(codec: "aac")) {
      try AudioTranscoder(from: AudioFormat(codec: .aac, sampleRate: 44_100, channels: 2))
    }
  }

  @Test func changeOfRateAndChannelsInMidStreamIsFollowed() throws {
    // Each MP3 frame says its own rate and channels.
    let low = try Recordings.sound("libmp3lame", rate: 22_050, channels: 1)
    let high = try Recordings.sound("libmp3lame", rate: 44_100, channels: 2)
    let later = high.audio.map { EncodedFrame(time: $0.time + 3_000_000, isKeyFrame: true, data: $0.data) }
    let transcoder = try AudioTranscoder(from: low.neededAudioFormat())
    let packets = try transcoder.pushAll(low.audio + later)
    #expect(abs(packets.count - 300) <= 6)
    try self.expectTone(packets, from: 0.5, to: 2.8)
    try self.expectTone(packets, from: 3.3, to: 5.5)
  }

  @Test func emptyBodyIsIgnored() throws {
    let recording = try Recordings.nellymoser22.get()
    let transcoder = try AudioTranscoder(from: recording.neededAudioFormat())
    try transcoder.push(EncodedFrame(time: 0, isKeyFrame: true, data: ByteBuffer())) { _ in Issue.record("a packet") }
    #expect(try transcoder.pushAll(recording.audio).count > 140)
    #expect(transcoder.damagedFrames == 0)
  }
}
