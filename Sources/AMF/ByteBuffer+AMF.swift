import NIOCore

extension ByteBuffer {
  mutating func readAMFInteger<T: FixedWidthInteger>(as type: T.Type = T.self) throws(AMFError) -> T {
    guard let value = readInteger(as: type) else {
      throw .truncated(needed: MemoryLayout<T>.size, available: readableBytes)
    }
    return value
  }

  mutating func readAMFDouble() throws(AMFError) -> Double {
    Double(bitPattern: try readAMFInteger(as: UInt64.self))
  }

  /// Text of a length that was checked against the budget.
  mutating func readAMFText(length: Int) throws(AMFError) -> String {
    guard let text = readString(length: length) else {
      throw .truncated(needed: length, available: readableBytes)
    }
    return text
  }

  /// Whether this many values, each at least `size` bytes, can still follow. Asked before an array takes memory.
  func checkRoom(for count: Int, of size: Int = 1) throws(AMFError) {
    let (needed, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, needed <= readableBytes else {
      throw .truncated(needed: overflow ? .max : needed, available: readableBytes)
    }
  }
}
