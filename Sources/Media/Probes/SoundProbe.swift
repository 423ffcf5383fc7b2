/// Decodes sound to listen to it coarsely: for the comparison of recordings, not for playing.
///
/// Not `Sendable`: it belongs to one owner.
public final class SoundProbe {
  /// Samples a second of what ``decode(_:receive:)`` gives.
  public static let sampleRate = OpusEncoder.sampleRate

  private var decoder: Decoder
  private var resampler = Resampler(channels: 1)

  /// Opens the decoder.
  public init(_ format: AudioFormat, limits: MediaLimits = .init()) throws(MediaError) {
    decoder = try Decoder(format, limits: limits)
  }

  /// Decodes a frame; `receive` is lent its samples, mono, -1 to 1, piece by piece.
  /// - Throws: ``MediaError/damaged(codec:inARow:code:)`` when too many frames in a row make no sense.
  public func decode(
    _ frame: EncodedFrame, receive: (UnsafeBufferPointer<Float>) -> Void
  ) throws(MediaError) {
    try decoder.decode(frame) { (sound: borrowing Frame) throws(MediaError) in
      if !self.resampler.accepts(sound) { try self.resampler.open(for: sound) }
      try self.resampler.convert(sound) { (samples) throws(MediaError) in receive(samples) }
    }
  }
}
