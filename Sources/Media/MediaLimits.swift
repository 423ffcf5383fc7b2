/// Bounds on what a stranger's stream may take from a transcoder, checked before memory is taken.
public struct MediaLimits: Sendable, Hashable {
  /// Longest encoded frame in bytes.
  public var encodedFrame: Int = 4 << 20
  /// Longest configuration record in bytes.
  public var configuration: Int = 64 << 10
  /// Widest and highest picture in samples, each.
  public var pictureSide: Int = 4096
  /// Largest picture in samples.
  public var picturePixels: Int = 8 << 20
  /// Most samples a channel that one decoded frame may hold.
  public var frameSamples: Int = 128 << 10
  /// Frames in a row that may fail to decode before the stream is given up.
  public var damagedInARow: Int = 100

  /// The stated defaults.
  public init() {}
}
