/// Width and height of a picture in samples of luma.
struct PictureSize: Hashable {
  var width: Int32
  var height: Int32

  /// The size in which a target wants pictures of this size: divided, not below 16 by 16 unless it was, and even
  /// for H.264, whose 4:2:0 pictures have no odd sides.
  func reduced(for target: VideoTarget) -> PictureSize {
    PictureSize(width: Self.side(self.width, target), height: Self.side(self.height, target))
  }

  private static func side(_ side: Int32, _ target: VideoTarget) -> Int32 {
    let divided = max(side / Int32(clamping: target.reduction), min(side, Self.smallest))
    switch target.codec {
    case .vp8: return divided
    case .h264: return max(divided & ~1, 2)
    }
  }

  private static let smallest: Int32 = 16
}
