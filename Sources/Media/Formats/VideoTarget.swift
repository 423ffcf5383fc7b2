/// What a listener wants to see: codec, size and rates. A plain value that tells one rendition of a track from another.
public struct VideoTarget: Sendable, Hashable {
  /// A codec that pictures are encoded in.
  public enum Codec: String, Sendable, Hashable, CaseIterable {
    /// VP8 for real time.
    case vp8
    /// H.264 Constrained Baseline in Annex B framing, parameter sets in front of each IDR picture.
    case h264
  }

  /// The codec of the frames.
  public var codec: Codec
  /// Bit rate at the start in bit/s, 30 000 to 20 000 000; nil follows the picture size.
  /// `VideoTranscoder.setTargetBitRate` changes it later.
  public var bitRate: Int?
  /// Width and height of the source are divided by this, 1 to 8.
  public var reduction: Int
  /// Most pictures a second, 1 to 120; what comes sooner is left out before it is encoded. Nil encodes all.
  public var pictureRate: Int?

  /// Describes pictures in `codec`; the defaults are those of the source.
  public init(codec: Codec, bitRate: Int? = nil, reduction: Int = 1, pictureRate: Int? = nil) {
    self.codec = codec
    self.bitRate = bitRate
    self.reduction = reduction
    self.pictureRate = pictureRate
  }

  /// VP8 in the size of the source.
  public static func vp8(bitRate: Int? = nil) -> VideoTarget { .init(codec: .vp8, bitRate: bitRate) }

  /// H.264 in the size of the source.
  public static func h264(bitRate: Int? = nil) -> VideoTarget { .init(codec: .h264, bitRate: bitRate) }

  /// Throws for a value out of its range.
  func check() throws(MediaError) {
    if let bitRate { try Self.check(bitRate: bitRate) }
    guard (1...8).contains(self.reduction) else {
      throw .formatOutOfRange(field: "reduction", value: self.reduction)
    }
    if let pictureRate, !(1...120).contains(pictureRate) {
      throw .formatOutOfRange(field: "picture rate", value: pictureRate)
    }
  }

  /// Bit rates that encoders take, in bit/s.
  public static let bitRates = 30_000...20_000_000

  static func check(bitRate: Int) throws(MediaError) {
    guard Self.bitRates.contains(bitRate) else {
      throw .formatOutOfRange(field: "bit rate", value: bitRate)
    }
  }
}
