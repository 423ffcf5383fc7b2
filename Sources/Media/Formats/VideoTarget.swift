/// What a listener wants to see.
public enum VideoTarget: Sendable, Hashable {
  /// VP8 for real time, in the size of the source.
  ///
  /// `bitRate` in bit/s, 30 000 to 20 000 000; nil follows the picture size.
  case vp8(bitRate: Int? = nil)
}
