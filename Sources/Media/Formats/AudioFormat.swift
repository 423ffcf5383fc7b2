public import NIOCore

/// What a decoder must know about sound before its first frame.
public struct AudioFormat: Sendable, Hashable {
  /// The codec of the frames.
  public var codec: AudioCodec
  /// Samples per second, 4 000 to 192 000. Ignored where the codec or its configuration says it (Speex, AAC, MP3, Opus).
  public var sampleRate: Int
  /// 1 or 2. Ignored where the codec or its configuration says it.
  public var channels: Int
  /// The AudioSpecificConfig; needed for AAC, unused otherwise.
  public var configuration: ByteBuffer?

  /// Describes sound of `codec`.
  public init(codec: AudioCodec, sampleRate: Int, channels: Int, configuration: ByteBuffer? = nil) {
    self.codec = codec
    self.sampleRate = sampleRate
    self.channels = channels
    self.configuration = configuration
  }
}
