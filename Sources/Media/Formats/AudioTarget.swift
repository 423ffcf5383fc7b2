/// What a listener wants to hear.
public enum AudioTarget: Sendable, Hashable {
  /// Opus at 48 kHz in packets of 20 ms, tuned for speech.
  ///
  /// - `channels`: 1 or 2; nil keeps mono mono and makes everything else stereo.
  /// - `bitRate`: 6 000 to 510 000 bit/s; nil takes 32 000 a channel.
  case opus(channels: Int? = nil, bitRate: Int? = nil)
}
