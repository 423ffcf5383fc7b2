/// Wall-clock time as the sender reports carry it: seconds since 1900 in 32.32 fixed point (RFC 3550, section 4).
///
/// Arithmetic is modulo 2^32 seconds, so it goes on when the era ends in 2036.
public struct NTPTime: Sendable, Hashable {
  /// Seconds in the upper, their fraction in the lower 32 bits.
  public let rawValue: UInt64

  /// The 64 bits on the wire.
  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// - Parameter unixMicroseconds: Microseconds since 1970, also before.
  public init(unixMicroseconds: Int64) {
    self = NTPTime(rawValue: Self.secondsFrom1900To1970 << 32).advanced(byMicroseconds: unixMicroseconds)
  }

  /// The whole seconds.
  public var seconds: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }

  /// The fraction of a second in units of 2^-32 s.
  public var fraction: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  /// The compact form of receiver reports: 16 bits of seconds, 16 of fraction.
  public var middle32: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 16) }

  /// The time `microseconds` later, or earlier if negative; rounded up to the next unit of 2^-32 s, so that
  /// `microseconds(since:)` gives the number back.
  public func advanced(byMicroseconds microseconds: Int64) -> NTPTime {
    let (seconds, rest) = microseconds.flooredDivision(by: 1_000_000)
    let fraction = (UInt64(rest) << 32 + 999_999) / 1_000_000
    return NTPTime(rawValue: rawValue &+ UInt64(bitPattern: seconds) << 32 &+ fraction)
  }

  /// Microseconds from `earlier` to here, negative if `earlier` is later; the two are less than 68 years apart.
  public func microseconds(since earlier: NTPTime) -> Int64 {
    let difference = Int64(bitPattern: rawValue &- earlier.rawValue)
    let fraction = UInt64(UInt32(truncatingIfNeeded: difference))
    return (difference >> 32) * 1_000_000 + Int64((fraction * 1_000_000) >> 32)
  }

  private static let secondsFrom1900To1970: UInt64 = 2_208_988_800
}

extension Int64 {
  /// The quotient rounded down, and a remainder that is never negative. `divisor` is positive.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
