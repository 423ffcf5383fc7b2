/// What a transcoder is made of: plain values, so that it can be made in another process.
public enum TranscoderSettings: Sendable, Hashable {
  /// Sound of a format to what a listener wants to hear.
  case sound(AudioFormat, to: AudioTarget)
  /// Pictures of a format to what a listener wants to see.
  case picture(VideoFormat, to: VideoTarget)

  /// What its CPU time is counted as.
  public var label: TranscodeLabel {
    switch self {
    case .sound(let format, let target): TranscodeLabel(format.codec, to: target)
    case .picture(let format, let target): TranscodeLabel(format.codec, to: target)
    }
  }
}
