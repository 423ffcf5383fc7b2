import CLibAV

/// Sound of any codec of the table to Opus: decoder, resampler, encoder.
///
/// Not `Sendable`: it belongs to one worker. Building one takes no thread and starts nothing; dropping it frees all.
/// Output is a run of 20 ms packets whose times count on from the first message; see `SoundClock`.
public final class AudioTranscoder {
  private var decoder: Decoder
  private var resampler: Resampler
  private var encoder: OpusEncoder
  private var clock = SoundClock()

  /// Opens decoder and encoder.
  public convenience init(
    from format: AudioFormat, to target: AudioTarget = .opus(), limits: MediaLimits = .init()
  ) throws(MediaError) {
    try self.init(from: format, to: target, limits: limits, complexity: OpusEncoder.usualComplexity)
  }

  /// The same with an encoder that spends more or less.
  init(
    from format: AudioFormat, to target: AudioTarget, limits: MediaLimits, complexity: Int32
  ) throws(MediaError) {
    let (channels, bitRate): (Int?, Int?) =
      switch target {
      case .opus(let channels, let bitRate): (channels, bitRate)
      }
    self.decoder = try Decoder(format, limits: limits)
    let wanted = channels ?? (self.decoder.channels == 1 ? 1 : 2)
    guard (1...2).contains(wanted) else { throw .formatOutOfRange(field: "channel count", value: wanted) }
    let rate = bitRate ?? 32_000 * wanted
    guard (6_000...510_000).contains(rate) else { throw .formatOutOfRange(field: "bit rate", value: rate) }
    self.resampler = Resampler(channels: wanted)
    self.encoder = try OpusEncoder(channels: wanted, bitRate: rate, complexity: complexity)
  }

  /// Messages that could not be decoded, since the start.
  public var damagedFrames: Int { self.decoder.damaged }

  /// Channels inside the Opus packets, 1 or 2.
  public var channels: Int { self.encoder.channels }

  /// Transcodes one message; `emit` is called for each whole packet.
  ///
  /// Throws `MediaError.damaged` when too many messages in a row make no sense; one bad message is only counted.
  public func push(_ frame: EncodedFrame, emit: (EncodedFrame) -> Void) throws(MediaError) {
    var time: Int64? = frame.time
    try self.decoder.decode(frame) { (sound: borrowing Frame) throws(MediaError) in
      try self.follow(sound, emit)
      // Only the first frame out of a message stands at its time; the rest follow by count.
      if let stated = time.take() { try self.steer(to: stated, emit) }
      try self.resampler.convert(sound) { (samples) throws(MediaError) in try self.encode(samples, emit) }
    }
  }

  /// Hands over what still waits inside, the last packet filled up with silence.
  public func finish(emit: (EncodedFrame) -> Void) throws(MediaError) {
    try self.decoder.finish { (sound: borrowing Frame) throws(MediaError) in
      try self.follow(sound, emit)
      try self.resampler.convert(sound) { (samples) throws(MediaError) in try self.encode(samples, emit) }
    }
    try self.close(emit)
  }

  /// Sets the resampler up anew when rate, channels or sample format of the source changed.
  private func follow(_ sound: borrowing Frame, _ emit: (EncodedFrame) -> Void) throws(MediaError) {
    if self.resampler.accepts(sound) { return }
    try self.resampler.drain { (samples) throws(MediaError) in try self.encode(samples, emit) }
    try self.resampler.open(for: sound)
  }

  private func steer(to time: Int64, _ emit: (EncodedFrame) -> Void) throws(MediaError) {
    switch self.clock.judge(time, waiting: Int64(self.encoder.pending) + self.resampler.delay) {
    case .steady: break
    case .correct(let samples):
      try self.resampler.compensate(samples: samples, over: SoundClock.correctionDistance)
    case .jump:
      try self.close(emit)
      self.clock.anchor(at: time)
    }
  }

  private func close(_ emit: (EncodedFrame) -> Void) throws(MediaError) {
    try self.resampler.drain { (samples) throws(MediaError) in try self.encode(samples, emit) }
    try self.encoder.flush { packet, attenuation in self.deliver(packet, attenuation, emit) }
  }

  private func encode(_ samples: UnsafeBufferPointer<Float>, _ emit: (EncodedFrame) -> Void) throws(MediaError) {
    try self.encoder.append(samples) { packet, attenuation in self.deliver(packet, attenuation, emit) }
  }

  private func deliver(_ packet: borrowing Packet, _ attenuation: UInt8, _ emit: (EncodedFrame) -> Void) {
    emit(
      EncodedFrame(
        time: self.clock.nextFrame(), isKeyFrame: true, data: packet.copyBytes(), attenuation: attenuation))
  }
}
