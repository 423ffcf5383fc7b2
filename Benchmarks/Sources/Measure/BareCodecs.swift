import CLibAV
import Glibc
import Media

/// The floor of a transcode chain: nothing but the codec calls, on the gateway's own settings. Returns the bytes encoded.
///
/// Straight C on purpose: what the gateway checks, owns and converts around these calls is what is measured.
enum BareCodecs {
  enum Failure: Error { case noCodec(String) }

  static func video(_ frames: [EncodedFrame]) throws -> Int {
    var bytes = 0
    let decoder = try Self.context(avcodec_find_decoder_by_name("flv"), "flv")
    avcodec_open2(decoder, nil, nil)
    let encoder = try Self.context(avcodec_find_encoder_by_name("libvpx"), "libvpx")
    Self.setVP8(encoder, width: 640, height: 480, rate: 100_000 + 640 * 480 * 8 / 3)
    avcodec_open2(encoder, nil, nil)
    let (packet, output, picture) = (av_packet_alloc(), av_packet_alloc(), av_frame_alloc())
    defer {
      Self.free(packet, output)
      Self.free(picture)
      Self.free(decoder, encoder)
    }
    for frame in frames {
      Self.send(frame, packet, to: decoder)
      while avcodec_receive_frame(decoder, picture) >= 0 {
        picture?.pointee.pict_type = bytes == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        picture?.pointee.pts = frame.time
        avcodec_send_frame(encoder, picture)
        bytes += Self.drain(encoder, output)
      }
    }
    return bytes
  }

  private static func setVP8(_ encoder: UnsafeMutablePointer<AVCodecContext>, width: Int32, height: Int32, rate: Int) {
    encoder.pointee.width = width
    encoder.pointee.height = height
    encoder.pointee.pix_fmt = AV_PIX_FMT_YUV420P
    encoder.pointee.time_base = AVRational(num: 1, den: 1_000_000)
    encoder.pointee.ticks_per_frame = 40_000
    encoder.pointee.gop_size = 300
    encoder.pointee.max_b_frames = 0
    encoder.pointee.bit_rate = Int64(rate)
    encoder.pointee.rc_min_rate = Int64(rate)
    encoder.pointee.rc_max_rate = Int64(rate)
    encoder.pointee.rc_buffer_size = Int32(rate)
    encoder.pointee.rc_initial_buffer_occupancy = Int32(rate / 2)
    encoder.pointee.qmin = 2
    encoder.pointee.qmax = 56
    for (name, value) in [
      ("deadline", "realtime"), ("cpu-used", "-12"), ("lag-in-frames", "0"), ("error-resilient", "default"),
      ("auto-alt-ref", "0"), ("max-intra-rate", "900"), ("undershoot-pct", "100"), ("overshoot-pct", "15"),
      ("static-thresh", "1"),
    ] { av_opt_set(encoder.pointee.priv_data, name, value, 0) }
  }

  static func audio(_ frames: [EncodedFrame], rate: Int32) throws -> Int {
    var bytes = 0
    let decoder = try Self.context(avcodec_find_decoder_by_name("nellymoser"), "nellymoser")
    decoder.pointee.sample_rate = rate
    av_channel_layout_default(&decoder.pointee.ch_layout, 1)
    avcodec_open2(decoder, nil, nil)
    let encoder = try Self.context(avcodec_find_encoder_by_name("libopus"), "libopus")
    encoder.pointee.sample_rate = 48_000
    encoder.pointee.sample_fmt = AV_SAMPLE_FMT_FLT
    encoder.pointee.bit_rate = 32_000
    encoder.pointee.compression_level = 5
    av_channel_layout_default(&encoder.pointee.ch_layout, 1)
    av_opt_set(encoder.pointee.priv_data, "application", "voip", 0)
    av_opt_set(encoder.pointee.priv_data, "frame_duration", "20", 0)
    avcodec_open2(encoder, nil, nil)
    var resampler: OpaquePointer?
    swr_alloc_set_opts2(
      &resampler, &encoder.pointee.ch_layout, AV_SAMPLE_FMT_FLT, 48_000, &decoder.pointee.ch_layout,
      AV_SAMPLE_FMT_FLTP, rate, 0, nil)
    swr_init(resampler)
    let (packet, output, sound, block) = (av_packet_alloc(), av_packet_alloc(), av_frame_alloc(), av_frame_alloc())
    block?.pointee.format = AV_SAMPLE_FMT_FLT.rawValue
    block?.pointee.sample_rate = 48_000
    block?.pointee.nb_samples = 960
    if let block { av_channel_layout_default(&block.pointee.ch_layout, 1) }
    av_frame_get_buffer(block, 0)
    let converted = UnsafeMutablePointer<Float>.allocate(capacity: 100_000)
    defer {
      converted.deallocate()
      swr_free(&resampler)
      Self.free(packet, output)
      Self.free(sound)
      Self.free(block)
      Self.free(decoder, encoder)
    }
    var waiting = 0
    for frame in frames {
      Self.send(frame, packet, to: decoder)
      while avcodec_receive_frame(decoder, sound) >= 0 {
        guard let sound else { return bytes }
        var target: UnsafeMutablePointer<UInt8>? = UnsafeMutableRawPointer(converted + waiting)
          .assumingMemoryBound(to: UInt8.self)
        waiting += Int(
          swr_convert(resampler, &target, Int32(100_000 - waiting), clibav_planes(sound), sound.pointee.nb_samples))
        var start = 0
        while waiting - start >= 960 {
          if let plane = block?.pointee.data.0 { memcpy(plane, converted + start, 960 * 4) }
          start += 960
          avcodec_send_frame(encoder, block)
          bytes += Self.drain(encoder, output)
        }
        memmove(converted, converted + start, (waiting - start) * 4)
        waiting -= start
      }
    }
    return bytes
  }

  private static func context(
    _ codec: UnsafePointer<AVCodec>?, _ name: String
  ) throws -> UnsafeMutablePointer<AVCodecContext> {
    av_log_set_level(AV_LOG_QUIET)
    guard let context = avcodec_alloc_context3(codec) else { throw Failure.noCodec(name) }
    context.pointee.thread_count = 1
    return context
  }

  private static func drain(
    _ encoder: UnsafeMutablePointer<AVCodecContext>, _ output: UnsafeMutablePointer<AVPacket>?
  ) -> Int {
    var bytes = 0
    while avcodec_receive_packet(encoder, output) >= 0 {
      bytes += Int(output?.pointee.size ?? 0)
      av_packet_unref(output)
    }
    return bytes
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

  private static func free(_ packets: UnsafeMutablePointer<AVPacket>?...) {
    for packet in packets {
      var packet = packet
      av_packet_free(&packet)
    }
  }

  private static func free(_ frame: UnsafeMutablePointer<AVFrame>?) {
    var frame = frame
    av_frame_free(&frame)
  }

  private static func free(_ contexts: UnsafeMutablePointer<AVCodecContext>...) {
    for context in contexts {
      var context: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&context)
    }
  }
}
