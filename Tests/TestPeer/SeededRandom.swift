// Test support sees the parts of WebRTC that are not public, which only debug builds show.
#if DEBUG
  /// SplitMix64: the same numbers in every run.
  struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
      self.state &+= 0x9E37_79B9_7F4A_7C15
      var value = self.state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  extension SeededRandom {
    /// One to four changes: a byte set, a bit flipped, a piece cut out, a piece repeated, the end cut off.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
      var bytes = bytes
      for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
        let index = Int.random(in: bytes.indices, using: &self)
        let length = Int.random(in: 0...min(24, bytes.count - index), using: &self)
        switch Int.random(in: 0..<5, using: &self) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &self)
        case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &self)
        case 2: bytes.removeSubrange(index..<index + length)
        case 3: bytes.insert(contentsOf: bytes[index..<index + length], at: index)
        default: bytes.removeLast(bytes.count - index)
        }
      }
      return bytes
    }
  }
#endif
