import NIOCore

extension ByteBuffer {
  /// Bytes from hexadecimal digits; blanks are ignored.
  public init(hex: String) {
    let digits = hex.compactMap(\.hexDigitValue)
    self.init(bytes: stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }

  /// Hexadecimal digits of the readable bytes.
  public var hex: String {
    readableBytesView.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// One to four changes: bytes flipped, overwritten, cut off, doubled.
  public func mutated(using generator: inout SeededGenerator) -> ByteBuffer {
    var bytes = Array(readableBytesView)
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 2: bytes.removeSubrange(index...)
      case 3: bytes.insert(contentsOf: bytes[index..<min(index + 8, bytes.count)], at: index)
      default: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &generator)]
      }
    }
    return ByteBuffer(bytes: bytes)
  }
}
