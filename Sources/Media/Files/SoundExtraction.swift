import CLibAV

/// The sound of a file, decoded into 16-bit samples of its own rate and channels.
struct SoundExtraction: ~Copyable {
  private let index: Int
  private let codec: String
  private let decoder: UnsafeMutablePointer<AVCodecContext>
  private let frame: UnsafeMutablePointer<AVFrame>
  private let resampler: OpaquePointer
  private let rate: Int32
  private let channels: Int32

  /// - Throws: ``ContainerError/noSound`` and ``ContainerError/undecodable(codec:_:)``.
  init(_ input: borrowing InputFile) throws(ContainerError) {
    let best = av_find_best_stream(input.context, AVMEDIA_TYPE_AUDIO, -1, -1, nil, 0)
    guard best >= 0, let parameters = input.stream(Int(best))?.pointee.codecpar else { throw .noSound }
    let codec = StreamFile.name(of: parameters.pointee.codec_id)
    guard let known = avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw .undecodable(codec: codec, "there is no decoder for it")
    }
    var decoder = avcodec_alloc_context3(known)
    var frame = av_frame_alloc()
    var resampler = swr_alloc()
    guard let context = decoder, let picture = frame, let converter = resampler else {
      avcodec_free_context(&decoder)
      av_frame_free(&frame)
      swr_free(&resampler)
      throw .undecodable(codec: codec, "out of memory")
    }
    var code = avcodec_parameters_to_context(context, parameters)
    if code >= 0 { code = avcodec_open2(context, known, nil) }
    guard code >= 0, context.pointee.sample_rate > 0, context.pointee.ch_layout.nb_channels > 0 else {
      avcodec_free_context(&decoder)
      av_frame_free(&frame)
      swr_free(&resampler)
      throw .undecodable(codec: codec, code < 0 ? LibAV.text(of: code) : "it says neither rate nor channels")
    }
    self.index = Int(best)
    self.codec = codec
    self.decoder = context
    self.frame = picture
    self.resampler = converter
    rate = context.pointee.sample_rate
    channels = min(2, context.pointee.ch_layout.nb_channels)
  }

  deinit {
    var decoder: UnsafeMutablePointer<AVCodecContext>? = self.decoder
    var frame: UnsafeMutablePointer<AVFrame>? = self.frame
    var resampler: OpaquePointer? = self.resampler
    avcodec_free_context(&decoder)
    av_frame_free(&frame)
    swr_free(&resampler)
  }

  /// Decodes all of the input into a WAV file. Frames that are damaged are passed over, as players do.
  func write(_ input: borrowing InputFile, to path: String) throws(ContainerError) {
    let output = try OutputFile(path: path, format: .wav)
    let packet = try StreamFile.makePacket()
    let samples = try StreamFile.makePacket()
    let stream = try addStream(to: output)
    try output.writeHeader()
    var position: Int64 = 0
    while input.read(into: packet) {
      guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
      _ = avcodec_send_packet(decoder, packet.pointer)
      try drain(into: samples, at: &position, output, stream)
    }
    _ = avcodec_send_packet(decoder, nil)
    try drain(into: samples, at: &position, output, stream)
    guard position > 0 else { throw .undecodable(codec: codec, "not one frame of it makes sense") }
    try output.finish()
  }

  private func addStream(to output: borrowing OutputFile) throws(ContainerError) -> Int32 {
    var parameters = avcodec_parameters_alloc()
    defer { avcodec_parameters_free(&parameters) }
    guard let fields = parameters else { throw .unwritable("out of memory") }
    fields.pointee.codec_type = AVMEDIA_TYPE_AUDIO
    fields.pointee.codec_id = AV_CODEC_ID_PCM_S16LE
    fields.pointee.format = AV_SAMPLE_FMT_S16.rawValue
    fields.pointee.sample_rate = rate
    fields.pointee.bits_per_coded_sample = 16
    fields.pointee.block_align = 2 * channels
    av_channel_layout_default(&fields.pointee.ch_layout, channels)
    return try output.addStream(fields, timeBase: AVRational(num: 1, den: rate))
  }

  /// Writes the frames that the decoder has ready.
  private func drain(
    into samples: borrowing Packet, at position: inout Int64, _ output: borrowing OutputFile, _ stream: Int32
  ) throws(ContainerError) {
    while avcodec_receive_frame(decoder, frame) >= 0 {
      var plain = av_frame_alloc()
      defer { av_frame_free(&plain) }
      guard let plain, convert(into: plain), plain.pointee.nb_samples > 0 else { continue }
      let size = plain.pointee.nb_samples * channels * 2
      guard let source = plain.pointee.extended_data[0], av_new_packet(samples.pointer, size) >= 0 else { continue }
      samples.pointer.pointee.data.update(from: source, count: Int(size))
      samples.pointer.pointee.pts = position
      samples.pointer.pointee.dts = position
      position &+= Int64(plain.pointee.nb_samples)
      try output.write(samples, stream: stream, timeBase: AVRational(num: 1, den: rate))
      samples.clear()
    }
  }

  /// Into interleaved 16-bit samples; a stream that changes its rate or channels keeps the file's.
  private func convert(into plain: UnsafeMutablePointer<AVFrame>) -> Bool {
    plain.pointee.format = AV_SAMPLE_FMT_S16.rawValue
    plain.pointee.sample_rate = rate
    av_channel_layout_default(&plain.pointee.ch_layout, channels)
    if swr_convert_frame(resampler, plain, frame) >= 0 { return true }
    // It refuses a frame of another format than the one before; closed, it begins anew with this one.
    swr_close(resampler)
    return swr_convert_frame(resampler, plain, frame) >= 0
  }
}
