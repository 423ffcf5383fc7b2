import NIOCore

/// Turns monotonic time into wall-clock time by one reading of both, taken by the owner at start.
///
/// A wall clock that is set later does not make the reports jump.
public struct NTPClock: Sendable, Hashable {
  private let reference: NTPTime
  private let deadline: NIODeadline

  /// - Parameters:
  ///   - reference: The wall-clock time at `deadline`.
  ///   - deadline: The monotonic time at `reference`.
  public init(_ reference: NTPTime, at deadline: NIODeadline) {
    self.reference = reference
    self.deadline = deadline
  }

  /// The wall-clock time at `now`, which may lie before the reading.
  public func time(at now: NIODeadline) -> NTPTime {
    reference.advanced(byMicroseconds: (now - deadline).nanoseconds / 1000)
  }
}
