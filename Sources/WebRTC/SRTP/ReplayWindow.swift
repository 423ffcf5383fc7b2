/// Which of the latest packet indices have come (RFC 3711 section 3.3.2): a ring of bits behind the highest one.
struct ReplayWindow {
  /// The highest index that was noted; nil before the first.
  private(set) var highest: UInt64?
  private var seen: [UInt64]

  /// - Parameter size: how many indices it reaches back, at least 1; rounded up to a multiple of 64.
  init(size: Int) {
    self.seen = [UInt64](repeating: 0, count: max(1, (size + 63) / 64))
  }

  /// Whether an index is new, and not so old that it cannot be told.
  func admits(_ index: UInt64) -> Bool {
    guard let highest, index <= highest else { return true }
    guard highest - index < self.size else { return false }
    let (word, bit) = self.place(index)
    return self.seen[word] & bit == 0
  }

  /// Notes an index that was admitted and whose packet is authentic.
  mutating func note(_ index: UInt64) {
    if let highest, index > highest {
      if index - highest >= self.size {
        for word in self.seen.indices { self.seen[word] = 0 }
      } else {
        for passed in highest + 1...index { self.clear(passed) }
      }
    }
    self.highest = max(self.highest ?? index, index)
    let (word, bit) = self.place(index)
    self.seen[word] |= bit
  }

  private mutating func clear(_ index: UInt64) {
    let (word, bit) = self.place(index)
    self.seen[word] &= ~bit
  }

  private func place(_ index: UInt64) -> (word: Int, bit: UInt64) {
    let position = index % self.size
    return (Int(position / 64), 1 << (position % 64))
  }

  private var size: UInt64 { UInt64(self.seen.count) * 64 }
}
