/// What one message may make a decoder build. All are checked before memory is taken.
///
/// References are charged as if what they name were sent again, so that a small message cannot stand for a huge tree.
public struct AMFLimits: Sendable, Hashable {
  /// Containers inside each other, the outermost included.
  public var maximumDepth: Int
  /// Bytes of one string, name, XML text or byte array.
  public var maximumStringLength: Int
  /// Values and names in one message; elements of typed vectors count too.
  public var maximumElements: Int
  /// Bytes of all strings, names, XML texts and byte arrays of one message.
  public var maximumTotalBytes: Int

  /// Places that an array reserves before its elements are seen. Small, because each of the arrays inside each other
  /// could claim the same bytes that follow.
  static let reservedAtOnce = 256

  /// The limits used when none are given: 64 deep, 1 MiB a string, 65 536 elements, 4 MiB of text in all.
  public static let `default` = AMFLimits()

  /// Limits; give only what differs from the default.
  public init(
    maximumDepth: Int = 64,
    maximumStringLength: Int = 1 << 20,
    maximumElements: Int = 1 << 16,
    maximumTotalBytes: Int = 1 << 22
  ) {
    self.maximumDepth = maximumDepth
    self.maximumStringLength = maximumStringLength
    self.maximumElements = maximumElements
    self.maximumTotalBytes = maximumTotalBytes
  }
}
