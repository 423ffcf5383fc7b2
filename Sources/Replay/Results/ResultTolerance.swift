/// How far decoded media may be from the golden one: what another version of a codec does, and no more.
public struct ResultTolerance: Sendable, Hashable {
  /// Largest mean difference of a picture's blocks, 0 to 255.
  public var pictureMean: Double
  /// Largest difference of one block.
  public var pictureBlock: Int
  /// Largest difference in loudness, in decibels.
  public var decibels: Double
  /// Largest difference of the dominant frequency, in Hz; a fiftieth of the frequency, if that is more.
  public var hertz: Int
  /// Sound below this, in decibels, is taken for silence; it has no frequency.
  public var floor: Double

  /// By default what libvpx, libopus and libavcodec of different distributions differ by, with room to spare.
  public init(
    pictureMean: Double = 4, pictureBlock: Int = 20, decibels: Double = 1.5, hertz: Int = 12, floor: Double = -55
  ) {
    self.pictureMean = pictureMean
    self.pictureBlock = pictureBlock
    self.decibels = decibels
    self.hertz = hertz
    self.floor = floor
  }

  /// Whether both look or sound alike.
  public func accepts(_ got: Fingerprint.Content, for expected: Fingerprint.Content) -> Bool {
    switch (expected, got) {
    case (.picture(let expected), .picture(let got)):
      let distance = expected.distance(to: got)
      return distance.mean <= pictureMean && distance.largest <= pictureBlock
    case (.sound(let expected), .sound(let got)):
      if max(expected.decibels, got.decibels) <= floor { return true }
      guard abs(expected.decibels - got.decibels) <= decibels else { return false }
      // Around the floor noise decides which frequency is the strongest.
      if min(expected.decibels, got.decibels) <= floor { return true }
      return abs(expected.hertz - got.hertz) <= max(hertz, expected.hertz / 50)
    case (.frames(let expected), .frames(let got)): return expected.map(\.value) == got.map(\.value)
    case (.undecodable, .undecodable): return true
    default: return false
    }
  }
}
