/// A point in time as ActionScript's `Date` has it.
///
/// Source: AMF 0 section 2.13, AMF 3 section 3.10.
public struct AMFDate: Sendable, Hashable {
  /// Milliseconds since 1970-01-01 00:00 UTC; may be negative, fractional or not a number.
  public var milliseconds: Double
  /// AMF0's reserved time zone field, as found (some senders put minutes there). Not part of the time; AMF3 has none.
  public var timeZone: Int16

  /// A date; the time zone should be 0.
  public init(milliseconds: Double, timeZone: Int16 = 0) {
    self.milliseconds = milliseconds
    self.timeZone = timeZone
  }
}
