/// An address as the tables of ranges keep it.
protocol RangeBound: FixedWidthInteger & UnsignedInteger & Sendable {
  /// How it lies in memory; ranges of IPv6 take 24 bytes and not the 32 that a `UInt128`'s alignment makes of them.
  associatedtype Packed: Sendable
  /// Its first bits, by which a search begins.
  associatedtype Landmark: FixedWidthInteger & UnsignedInteger & Sendable

  init(packed: Packed)
  var packed: Packed { get }
  var landmark: Landmark { get }
}

extension UInt32: RangeBound {
  init(packed: UInt32) { self = packed }
  var packed: UInt32 { self }
  var landmark: UInt32 { self }
}

extension UInt128: RangeBound {
  /// Both halves.
  struct Packed: Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
  }

  init(packed: Packed) { self = UInt128(packed.high) << 64 | UInt128(packed.low) }
  var packed: Packed {
    Packed(high: UInt64(truncatingIfNeeded: self >> 64), low: UInt64(truncatingIfNeeded: self))
  }
  var landmark: UInt64 { UInt64(truncatingIfNeeded: self >> 64) }
}
