public import NIOCore

/// What a decoder must know about pictures before its first frame.
public struct VideoFormat: Sendable, Hashable {
  /// The codec of the frames.
  public var codec: VideoCodec
  /// The AVCDecoderConfigurationRecord; needed for H.264, unused otherwise.
  public var configuration: ByteBuffer?

  /// Describes pictures of `codec`.
  public init(codec: VideoCodec, configuration: ByteBuffer? = nil) {
    self.codec = codec
    self.configuration = configuration
  }
}
