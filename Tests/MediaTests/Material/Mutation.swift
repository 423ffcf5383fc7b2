import NIOCore

@testable import Media
import Seeded

/// Damage as networks, disks and attackers do it.
enum Mutation {
  /// Damages bytes and, one time in ten, the time.
  static func apply(to frame: inout EncodedFrame, using random: inout SeededGenerator) {
    apply(to: &frame.data, using: &random)
    if Int.random(in: 0..<10, using: &random) == 0 { frame.time = Int64(bitPattern: random.next()) }
  }

  static func apply(to bytes: inout ByteBuffer, using random: inout SeededGenerator) {
    var array = Array(bytes.readableBytesView)
    for _ in 0...Int.random(in: 0..<4, using: &random) where !array.isEmpty {
      // Headers are worth more attempts than what follows them.
      let reach = Bool.random(using: &random) ? min(array.count, 16) : array.count
      let place = Int.random(in: 0..<reach, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: array[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: array[place] = UInt8.random(in: 0...255, using: &random)
      case 2: array.removeSubrange(place...)
      case 3: array.insert(contentsOf: array.suffix(from: place).prefix(40), at: place)
      default: array.remove(at: place)
      }
    }
    bytes = ByteBuffer(bytes: array)
  }
}

extension Optional {
  mutating func mutate(_ body: (inout Wrapped) -> Void) {
    guard var value = self else { return }
    body(&value)
    self = value
  }
}
