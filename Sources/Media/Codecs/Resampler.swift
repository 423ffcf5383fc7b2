import CLibAV

/// Brings decoded sound to interleaved float at 48 kHz and to the encoder's channels; follows the source's format.
struct Resampler: ~Copyable {
  private var context: OpaquePointer?
  private var source: Source?
  private let channels: Int
  /// Where converted samples are lent from; sized for one slice and the resampler's own backlog.
  private let output: UnsafeMutableBufferPointer<Float>

  /// What must stay the same for a resampler to go on.
  private struct Source: Equatable {
    var format: Int32
    var rate: Int32
    var channels: Int32
    var mask: UInt64
  }

  init(channels: Int) {
    self.channels = channels
    self.output = .allocate(capacity: Self.outputSamples * channels)
  }

  deinit {
    var context = self.context
    swr_free(&context)
    self.output.deallocate()
  }

  /// Samples at 48 kHz that went in and are yet to come out.
  var delay: Int64 {
    guard let context = self.context else { return 0 }
    return swr_get_delay(context, Int64(OpusEncoder.sampleRate))
  }

  /// Whether sound like `frame`'s can go on without `open(for:)`.
  func accepts(_ frame: borrowing Frame) -> Bool { self.source == Self.source(of: frame) }

  /// Sets up for sound like `frame`'s; drain first, what waits inside is lost.
  mutating func open(for frame: borrowing Frame) throws(MediaError) {
    swr_free(&self.context)
    self.source = nil
    let input = frame.pointer
    guard (1...384_000).contains(input.pointee.sample_rate) else {
      throw .formatOutOfRange(field: "sample rate", value: Int(input.pointee.sample_rate))
    }
    var target = AVChannelLayout()
    av_channel_layout_default(&target, Int32(self.channels))
    let allocated = swr_alloc_set_opts2(
      &self.context, &target, AV_SAMPLE_FMT_FLT, Int32(OpusEncoder.sampleRate), &input.pointee.ch_layout,
      AVSampleFormat(input.pointee.format), input.pointee.sample_rate, 0, nil)
    guard allocated >= 0, let context = self.context else { throw .resamplingFailed(code: allocated) }
    try self.keepLevels(context, from: Int(input.pointee.ch_layout.nb_channels))
    let opened = swr_init(context)
    guard opened >= 0 else { throw .resamplingFailed(code: opened) }
    self.source = Self.source(of: frame)
  }

  /// Converts a frame slice by slice, so that its length does not size any buffer.
  mutating func convert(
    _ frame: borrowing Frame, receive: (UnsafeBufferPointer<Float>) throws(MediaError) -> Void
  ) throws(MediaError) {
    guard let context = self.context, let source = self.source else { return }
    let total = Int(frame.pointer.pointee.nb_samples)
    let format = AVSampleFormat(source.format)
    let isPlanar = av_sample_fmt_is_planar(format) != 0
    let stride = Int(av_get_bytes_per_sample(format)) * (isPlanar ? 1 : Int(source.channels))
    let planeCount = isPlanar ? Int(source.channels) : 1
    guard let planes = frame.pointer.pointee.extended_data, planeCount <= Self.planes else {
      throw .formatOutOfRange(field: "channel count", value: Int(source.channels))
    }
    var start = 0
    while start < total {
      // A slice lasts at most 20 ms of the source, so its output fits whatever the rates.
      let count = min(total - start, max(1, Int(source.rate) / 50))
      let converted = withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: Self.planes) { slice in
        slice.initialize(repeating: nil)
        for plane in 0..<planeCount { slice[plane] = planes[plane].map { UnsafePointer($0 + start * stride) } }
        return self.run(context, slice.baseAddress, count)
      }
      try receive(try self.checked(converted))
      start += count
    }
  }

  /// Hands over what waits inside and starts afresh in the same format.
  mutating func drain(receive: (UnsafeBufferPointer<Float>) throws(MediaError) -> Void) throws(MediaError) {
    guard let context = self.context else { return }
    while true {
      let part = try self.checked(self.run(context, nil, 0))
      if part.isEmpty { break }
      try receive(part)
    }
    let opened = swr_init(context)
    guard opened >= 0 else { throw .resamplingFailed(code: opened) }
  }

  /// Stretches (positive) or shortens the coming sound by `samples` over the next `distance` output samples.
  func compensate(samples: Int32, over distance: Int32) throws(MediaError) {
    guard let context = self.context else { return }
    let code = swr_set_compensation(context, samples, distance)
    guard code >= 0 else { throw .resamplingFailed(code: code) }
  }

  /// Between mono and stereo a voice keeps its level; left to itself swresample takes or adds 3 dB.
  private func keepLevels(_ context: OpaquePointer, from channels: Int) throws(MediaError) {
    let matrix: [Double]
    switch (channels, self.channels) {
    case (1, 2): matrix = [1, 1]
    case (2, 1): matrix = [0.5, 0.5]
    default:
      // More channels are mixed down by swresample's own table, made not to clip.
      av_opt_set_double(UnsafeMutableRawPointer(context), "rematrix_maxval", 1, 0)
      return
    }
    let code = swr_set_matrix(context, matrix, Int32(channels))
    guard code >= 0 else { throw .resamplingFailed(code: code) }
  }

  private func run(_ context: OpaquePointer, _ input: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: Int)
    -> Int32
  {
    var plane = UnsafeMutableRawPointer(self.output.baseAddress)?.assumingMemoryBound(to: UInt8.self)
    return swr_convert(context, &plane, Int32(Self.outputSamples), input, Int32(count))
  }

  private func checked(_ count: Int32) throws(MediaError) -> UnsafeBufferPointer<Float> {
    guard count >= 0 else { throw .resamplingFailed(code: count) }
    return UnsafeBufferPointer(rebasing: self.output[..<(Int(count) * self.channels)])
  }

  private static func source(of frame: borrowing Frame) -> Source {
    let input = frame.pointer.pointee
    return Source(
      format: input.format, rate: input.sample_rate, channels: input.ch_layout.nb_channels,
      mask: input.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? input.ch_layout.u.mask : 0)
  }

  /// 20 ms is 960 samples; the rest is room for what the resampler held back.
  private static let outputSamples = 8_192
  private static let planes = 64
}
