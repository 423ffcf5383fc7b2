/// Turns a number that wraps on the wire into one that does not.
///
/// Each number is taken as the nearest to the newest before it: half the range ahead or behind.
public struct Unwrapper<Wire: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable, Hashable {
  private var newest: Int64?

  /// The first number will be taken as it is.
  public init() {}

  /// The number without wrapping; negative for one that comes before the first and wraps backwards.
  public mutating func unwrap(_ value: Wire) -> Int64 {
    guard let newest else {
      self.newest = Int64(truncatingIfNeeded: value)
      return Int64(truncatingIfNeeded: value)
    }
    let step = value &- Wire(truncatingIfNeeded: newest)
    let half = Wire(1) << (Wire.bitWidth - 1)
    // Exactly half the range may be either; it counts as behind, so that nothing leaps forward by doubt.
    let distance = step < half ? Int64(step) : Int64(step) - (Int64(1) << Wire.bitWidth)
    let result = newest + distance
    self.newest = max(newest, result)
    return result
  }
}

/// Sequence numbers, 16 bits on the wire.
public typealias SequenceNumberUnwrapper = Unwrapper<UInt16>
/// Time stamps, 32 bits on the wire.
public typealias TimestampUnwrapper = Unwrapper<UInt32>
