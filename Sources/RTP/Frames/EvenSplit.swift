/// Cuts a size into as few pieces as a maximum allows, all equal except that the last may be shorter.
///
/// Equal pieces let a kernel cut one large send into datagrams (segmentation offload), and no packet of a frame is a
/// small one that only costs its headers.
struct EvenSplit {
  let size: Int
  let count: Int
  let pieceSize: Int

  /// Both at least 1.
  init(size: Int, maximum: Int) {
    precondition(size > 0 && maximum > 0)
    self.size = size
    count = (size - 1) / maximum + 1
    pieceSize = (size - 1) / count + 1
  }

  func range(_ index: Int) -> Range<Int> {
    index * pieceSize..<min((index + 1) * pieceSize, size)
  }
}
