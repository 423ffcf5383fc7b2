/// Writes big-endian numbers and bytes into memory whose size was checked before.
struct WriteCursor {
  private let buffer: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ buffer: UnsafeMutableRawBufferPointer) {
    self.buffer = buffer
  }

  mutating func write<Number: FixedWidthInteger>(_ value: Number) {
    precondition(MemoryLayout<Number>.size <= buffer.count - count, "the size was checked before")
    buffer.storeBytes(of: value.bigEndian, toByteOffset: count, as: Number.self)
    count += MemoryLayout<Number>.size
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= buffer.count - count, "the size was checked before")
    UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
    count += bytes.count
  }
}
