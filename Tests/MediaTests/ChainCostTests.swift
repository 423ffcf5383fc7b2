import CLibAV
import Foundation
import Testing

@testable import Media

/// What a transcoder costs beside the same codec calls alone; run in a release build with `FLASHGATE_MEASURE` set.
@Suite(
  .serialized, .enabled(if: FFmpeg.isInstalled, "ffmpeg makes the material and is not installed"),
  .enabled(if: ProcessInfo.processInfo.environment["FLASHGATE_MEASURE"] != nil, "FLASHGATE_MEASURE is not set"))
struct ChainCostTests {
  @Test func sorensonToVP8() throws {
    let arguments = ["-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=10,noise=alls=4:allf=t", "-pix_fmt", "yuv420p"]
    let recording = Recording(flv: try FFmpeg.make(arguments + ["-c:v", "flv1", "-b:v", "900k", "-g", "100"]))
    let format = try recording.neededVideoFormat()
    try self.compare("FLV1 to VP8, 640x480") {
      let transcoder = try VideoTranscoder(from: format)
      for frame in recording.video { try transcoder.push(frame) { _ in } }
    } bare: {
      try BareCodecs.video(recording.video)
    }
  }

  @Test(arguments: [8_000, 22_050])
  func nellymoserToOpus(_ rate: Int) throws {
    let arguments = ["-f", "lavfi", "-i", "aevalsrc=0.4*sin(2*PI*(200+40*sin(7*t))*t)*abs(sin(3*t)):s=\(rate):d=30"]
    let recording = Recording(flv: try FFmpeg.make(arguments + ["-ar", "\(rate)", "-ac", "1", "-c:a", "nellymoser"]))
    let format = try recording.neededAudioFormat()
    try self.compare("Nellymoser \(rate) Hz to Opus") {
      let transcoder = try AudioTranscoder(from: format)
      for frame in recording.audio { try transcoder.push(frame) { _ in } }
    } bare: {
      try BareCodecs.audio(recording.audio, rate: Int32(rate))
    }
  }

  /// Takes both in turn, so that a busy machine hurts both, and prints the ratio of the medians.
  private func compare(_ name: String, chain: () throws -> Void, bare: () throws -> Void) throws {
    var times: (chain: [Double], bare: [Double]) = ([], [])
    for _ in 0..<11 {
      times.bare.append(try self.seconds(bare))
      times.chain.append(try self.seconds(chain))
    }
    let (chain, bare) = (times.chain.sorted()[5], times.bare.sorted()[5])
    print("\(name): chain \(chain) s, bare \(bare) s, ratio \((chain / bare * 1_000).rounded() / 1_000)")
    #expect(chain / bare < 1.15)
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = WorkerThread.cpuTime()
    try body()
    return Double(WorkerThread.cpuTime() - start) / 1e9
  }
}

/// The floor: nothing but the codec calls, on the same settings.
private enum BareCodecs {
  static func video(_ frames: [EncodedFrame]) throws {
    let decoder = try CodecContext(decoder: "flv")
    try decoder.open(name: "flv1")
    let (packet, output, picture) = (av_packet_alloc(), av_packet_alloc(), av_frame_alloc())
    defer { Self.free(packet, output, picture) }
    let encoder = try CodecContext(encoder: "libvpx")
    let settings = encoder.pointer
    settings.pointee.width = 640
    settings.pointee.height = 480
    settings.pointee.pix_fmt = AV_PIX_FMT_YUV420P
    settings.pointee.time_base = AVRational(num: 1, den: 1_000_000)
    settings.pointee.ticks_per_frame = 40_000
    settings.pointee.gop_size = 300
    let rate = VP8Encoder.bitRate(width: 640, height: 480)
    settings.pointee.bit_rate = Int64(rate)
    settings.pointee.rc_min_rate = Int64(rate)
    settings.pointee.rc_max_rate = Int64(rate)
    settings.pointee.rc_buffer_size = Int32(rate)
    settings.pointee.rc_initial_buffer_occupancy = Int32(rate / 2)
    settings.pointee.qmin = 2
    settings.pointee.qmax = 56
    for (name, value) in VP8Encoder.options { encoder.setOption(name, value) }
    try encoder.open(name: "vp8")
    for frame in frames {
      Self.send(frame, packet, to: decoder.pointer)
      while avcodec_receive_frame(decoder.pointer, picture) >= 0 {
        picture?.pointee.pict_type = AV_PICTURE_TYPE_NONE
        picture?.pointee.pts = frame.time
        avcodec_send_frame(encoder.pointer, picture)
        while avcodec_receive_packet(encoder.pointer, output) >= 0 { av_packet_unref(output) }
      }
    }
  }

  static func audio(_ frames: [EncodedFrame], rate: Int32) throws {
    let decoder = try CodecContext(decoder: "nellymoser")
    decoder.pointer.pointee.sample_rate = rate
    av_channel_layout_default(&decoder.pointer.pointee.ch_layout, 1)
    try decoder.open(name: "nellymoser")
    let encoder = try CodecContext(encoder: "libopus")
    encoder.pointer.pointee.sample_rate = 48_000
    encoder.pointer.pointee.sample_fmt = AV_SAMPLE_FMT_FLT
    encoder.pointer.pointee.bit_rate = 32_000
    encoder.pointer.pointee.compression_level = 5
    av_channel_layout_default(&encoder.pointer.pointee.ch_layout, 1)
    encoder.setOption("application", "voip")
    try encoder.open(name: "opus")
    var resampler: OpaquePointer?
    swr_alloc_set_opts2(
      &resampler, &encoder.pointer.pointee.ch_layout, AV_SAMPLE_FMT_FLT, 48_000, &decoder.pointer.pointee.ch_layout,
      AV_SAMPLE_FMT_FLTP, rate, 0, nil)
    swr_init(resampler)
    defer { swr_free(&resampler) }
    let (packet, output, sound, block) = (av_packet_alloc(), av_packet_alloc(), av_frame_alloc(), av_frame_alloc())
    defer { Self.free(packet, output, sound, block) }
    block?.pointee.format = AV_SAMPLE_FMT_FLT.rawValue
    block?.pointee.sample_rate = 48_000
    block?.pointee.nb_samples = 960
    if let block { av_channel_layout_default(&block.pointee.ch_layout, 1) }
    av_frame_get_buffer(block, 0)
    let converted = UnsafeMutablePointer<UInt8>.allocate(capacity: 4 * 100_000)
    defer { converted.deallocate() }
    var waiting = 0
    for frame in frames {
      Self.send(frame, packet, to: decoder.pointer)
      while avcodec_receive_frame(decoder.pointer, sound) >= 0 {
        guard let sound else { return }
        var target: UnsafeMutablePointer<UInt8>? = converted + waiting * 4
        let planes = UnsafeMutableRawPointer(sound.pointee.extended_data)?
          .assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
        waiting += Int(swr_convert(resampler, &target, 90_000, planes, sound.pointee.nb_samples))
        var start = 0
        while waiting - start >= 960 {
          block?.pointee.data.0?.update(from: converted + start * 4, count: 3_840)
          start += 960
          avcodec_send_frame(encoder.pointer, block)
          while avcodec_receive_packet(encoder.pointer, output) >= 0 { av_packet_unref(output) }
        }
        memmove(converted, converted + start * 4, (waiting - start) * 4)
        waiting -= start
      }
    }
  }

  private static func send(
    _ frame: EncodedFrame, _ packet: UnsafeMutablePointer<AVPacket>?, to decoder: UnsafeMutablePointer<AVCodecContext>
  ) {
    frame.data.withUnsafeReadableBytes { bytes in
      packet?.pointee.data = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
      packet?.pointee.size = Int32(bytes.count)
      avcodec_send_packet(decoder, packet)
      packet?.pointee.data = nil
    }
  }

  private static func free(
    _ packet: UnsafeMutablePointer<AVPacket>?, _ output: UnsafeMutablePointer<AVPacket>?,
    _ frames: UnsafeMutablePointer<AVFrame>?...
  ) {
    for packet in [packet, output] {
      var packet = packet
      av_packet_free(&packet)
    }
    for frame in frames {
      var frame = frame
      av_frame_free(&frame)
    }
  }
}
