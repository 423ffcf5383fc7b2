/// Lets packets pass in order, and counts those that are missing in between.
struct SequenceGate: Sendable {
  enum Passage: Equatable {
    case inOrder
    case afterGap
    /// A repetition, or one that comes too late.
    case refused
  }

  private var newest: UInt16?
  private var lost = 0

  mutating func pass(_ sequenceNumber: UInt16) -> Passage {
    guard let newest else {
      self.newest = sequenceNumber
      // What came before the first packet is not known: its frame may have begun earlier.
      return .afterGap
    }
    let step = sequenceNumber &- newest
    guard step != 0, step < 0x8000 else { return .refused }
    self.newest = sequenceNumber
    lost += Int(step) - 1
    return step == 1 ? .inOrder : .afterGap
  }

  /// The packets missing since the last call.
  mutating func takeLost() -> Int {
    defer { lost = 0 }
    return lost
  }
}
