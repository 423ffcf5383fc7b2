/// Reads numbers of any width from bytes, highest bit first.
struct BitReader {
  private let bytes: [UInt8]
  private let part: FLVError.Part
  private var position = 0

  /// Bits of `bytes`; errors name `part`.
  init(_ bytes: [UInt8], part: FLVError.Part) {
    self.bytes = bytes
    self.part = part
  }

  var remaining: Int { bytes.count * 8 - position }

  /// The next `count` bits, 0 to 32.
  mutating func read(_ count: Int) throws(FLVError) -> UInt32 {
    guard count <= remaining else { throw truncated(needing: count) }
    var value: UInt32 = 0
    var left = count
    while left > 0 {
      let free = 8 - (position & 7)
      let taken = min(free, left)
      let chunk = (UInt32(bytes[position >> 3]) >> UInt32(free - taken)) & ((1 << UInt32(taken)) - 1)
      value = value << UInt32(taken) | chunk
      position += taken
      left -= taken
    }
    return value
  }

  mutating func readFlag() throws(FLVError) -> Bool { try read(1) == 1 }

  mutating func skip(_ count: Int) throws(FLVError) {
    guard count <= remaining else { throw truncated(needing: count) }
    position += count
  }

  mutating func alignToByte() { position = (position + 7) & ~7 }

  /// An unsigned Exp-Golomb code, ITU-T H.264 section 9.1: at most 2^32 - 2.
  mutating func readUnsignedExpGolomb() throws(FLVError) -> Int {
    var zeros = 0
    while try !readFlag() {
      zeros += 1
      guard zeros <= 31 else {
        throw .outOfRange(part, .expGolombLeadingZeros, value: zeros, allowed: 0...31)
      }
    }
    return (1 << zeros) - 1 + Int(try read(zeros))
  }

  /// The same, of a value that must lie in a range.
  mutating func readUnsignedExpGolomb(
    _ field: FLVError.Field, in allowed: ClosedRange<Int>
  ) throws(FLVError) -> Int {
    let value = try readUnsignedExpGolomb()
    guard allowed.contains(value) else { throw .outOfRange(part, field, value: value, allowed: allowed) }
    return value
  }

  /// A signed Exp-Golomb code, section 9.1.1.
  mutating func readSignedExpGolomb() throws(FLVError) -> Int {
    let code = try readUnsignedExpGolomb()
    return code & 1 == 1 ? (code + 1) / 2 : -(code / 2)
  }

  private func truncated(needing count: Int) -> FLVError {
    .truncated(part, needed: (position + count + 7) / 8, available: bytes.count)
  }
}
