import Seeded

extension SeededGenerator {
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
