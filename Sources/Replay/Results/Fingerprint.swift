/// What is in one second of an output: of decoded media so coarse that another version of a codec changes little of it, of
/// what came untouched a check of each frame.
public struct Fingerprint: Codable, Sendable, Hashable {
  /// The second, counted from the participant's first frame; negative before it.
  public var second: Int64
  /// What is there.
  public var content: Content
  /// The packet of the first frame in that second.
  public var place: CapturePlace?

  /// Sound or a picture.
  public enum Content: Codable, Sendable, Hashable {
    case picture(PictureFingerprint)
    case sound(SoundFingerprint)
    /// Untouched frames, one by one.
    case frames([FrameCheck])
    /// The decoder refused it, or gave nothing.
    case undecodable
  }

  /// A fingerprint.
  public init(second: Int64, content: Content, place: CapturePlace? = nil) {
    self.second = second
    self.content = content
    self.place = place
  }
}

/// The first picture of a second in 8 by 8 blocks.
public struct PictureFingerprint: Codable, Sendable, Hashable {
  /// Blocks in a row, and rows.
  public static let side = 8

  /// Size of the picture.
  public var width, height: Int
  /// The mean luma of each block, 0 to 255, row by row from the top left: 64 of them.
  public var luma: [UInt8]

  /// Nil unless there are 64 blocks.
  public init?(width: Int, height: Int, luma: [UInt8]) {
    guard luma.count == Self.side * Self.side else { return nil }
    self.width = width
    self.height = height
    self.luma = luma
  }

  /// The blocks as 128 hexadecimal digits.
  public var digits: String {
    luma.map { value in
      let digits = String(value, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
  }

  /// How far two pictures are from each other: the mean and the largest difference of a block's luma, 0 to 255. Pictures
  /// of different size have the largest distance there is.
  public func distance(to other: PictureFingerprint) -> (mean: Double, largest: Int) {
    guard width == other.width, height == other.height else { return (255, 255) }
    let steps = zip(luma, other.luma).map { abs(Int($0) - Int($1)) }
    return (Double(steps.reduce(0, +)) / Double(max(steps.count, 1)), steps.max() ?? 0)
  }
}

/// The sound of a second, all channels together.
public struct SoundFingerprint: Codable, Sendable, Hashable {
  /// Root mean square below full scale, in tenths of a decibel; ``silence`` at least.
  public var decibelTenths: Int
  /// The frequency with the most power, in Hz; 0 where there is nearly nothing to hear.
  public var hertz: Int

  /// Nothing to hear: -90 dB.
  public static let silence = -900

  /// A fingerprint.
  public init(decibelTenths: Int, hertz: Int) {
    self.decibelTenths = max(decibelTenths, Self.silence)
    self.hertz = hertz
  }

  /// Loudness in decibels below full scale.
  public var decibels: Double { Double(decibelTenths) / 10 }
}

/// A frame that came untouched, so that a difference can be traced to it; the digest of its output is what is exact.
public struct FrameCheck: Codable, Sendable, Hashable {
  /// 16 bits of the SHA-256 of its time and bytes.
  public var value: UInt16
  /// The packet that it was whole with.
  public var packet: Int?

  /// A check.
  public init(value: UInt16, packet: Int? = nil) {
    self.value = value
    self.packet = packet
  }

  /// Four hexadecimal digits.
  public var digits: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
