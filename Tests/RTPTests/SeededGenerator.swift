/// SplitMix64: the same numbers from the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// The input with a few bytes changed, taken out, put in, or with its end cut off.
  mutating func mutate(_ input: [UInt8]) -> [UInt8] {
    var output = input
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let index = output.isEmpty ? 0 : Int.random(in: 0..<output.count, using: &self)
      switch Int.random(in: 0..<6, using: &self) {
      case 0 where !output.isEmpty: output[index] = UInt8.random(in: 0...255, using: &self)
      case 1 where !output.isEmpty: output[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 2 where !output.isEmpty: output.remove(at: index)
      case 3: output.insert(UInt8.random(in: 0...255, using: &self), at: index)
      case 4 where !output.isEmpty: output.removeSubrange(index...)
      case 5 where !output.isEmpty: output[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
      default: break
      }
    }
    return output
  }
}
