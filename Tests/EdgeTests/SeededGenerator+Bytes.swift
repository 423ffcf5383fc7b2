import NIOCore
import Seeded

extension SeededGenerator {
  /// Changes, drops, doubles or inserts up to four stretches of `bytes`.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &self)
      switch Int.random(in: 0..<5, using: &self) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &self)
      case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 2: bytes.remove(at: index)
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: index)
      default:
        let end = min(bytes.count, index + Int.random(in: 1...8, using: &self))
        bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &self))
      }
    }
    return bytes
  }

  /// Cuts `bytes` into pieces of random length.
  mutating func cut(_ bytes: [UInt8]) -> [ByteBuffer] {
    var pieces: [ByteBuffer] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...rest.count, using: &self)
      pieces.append(ByteBuffer(bytes: rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return pieces
  }
}
