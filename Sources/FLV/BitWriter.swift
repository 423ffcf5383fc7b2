/// Writes numbers of any width into bytes, highest bit first; the last byte is filled with zeros.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var used = 0

  /// Appends the lowest `count` bits of a number, 0 to 32.
  mutating func write(_ value: UInt32, _ count: Int) {
    for bit in stride(from: count - 1, through: 0, by: -1) {
      if used & 7 == 0 { bytes.append(0) }
      if value >> UInt32(bit) & 1 == 1 {
        bytes[bytes.count - 1] |= 0x80 >> UInt8(used & 7)
      }
      used += 1
    }
  }
}
