/// Which entry covers an address: ranges of one family, sorted, none overlapping another. Immutable.
///
/// Above the sorted ranges stand levels of landmarks: the first address of every 4th range, then of every 16th landmark
/// of the level below. A search compares all neighbours of a group, without a branch that the processor could guess
/// wrong; it reaches few cache lines.
struct RangeTable<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  /// A run of addresses and the number of its entry.
  struct Segment: Sendable {
    let low: Bound
    let high: Bound
    let entry: UInt32
  }

  /// One level of landmarks, padded to whole groups with the highest address.
  private struct Level: Sendable {
    let offset: Int
    let count: Int
  }

  private let segments: [Segment]
  /// The levels, the topmost first; it has one group.
  private let levels: [Level]
  private let landmarks: [Bound]
  /// The ranges as they were written, when some overlap and the segments are only what is left of them.
  private let written: [Segment]?

  /// Landmarks of a group.
  private static var fanOut: Int { 16 }
  /// Ranges of a group.
  private static var run: Int { 4 }

  /// Sorts `ranges`, which may overlap in any way.
  init(_ ranges: consuming [Segment]) {
    var ranges = ranges
    if !Self.isSorted(ranges) { ranges.sort(by: Self.precedes) }
    if let pieces = Self.pieces(of: ranges) {
      segments = pieces
      written = ranges
    } else {
      segments = ranges
      written = nil
    }
    (levels, landmarks) = Self.landmarks(over: segments)
  }

  /// Ranges as they were written.
  var count: Int { (written ?? segments).count }

  /// The number of the entry that covers the address; of several the one that starts last: the innermost block.
  func entry(covering address: Bound) -> UInt32? {
    guard !segments.isEmpty else { return nil }
    var member = 0
    let isBeforeAll = landmarks.withUnsafeBufferPointer { landmarks -> Bool in
      for level in levels {
        let group = member * Self.fanOut
        var count = 0
        for index in 0..<Self.fanOut { count += landmarks[level.offset + group + index] <= address ? 1 : 0 }
        // Only before the very first: a group's first member is the landmark that led here.
        guard count > 0 else { return true }
        // The padding counts when the address is the highest of all.
        member = min(group + count, level.count) - 1
      }
      return false
    }
    if isBeforeAll { return nil }
    return segments.withUnsafeBufferPointer { segments -> UInt32? in
      let start = member * Self.run
      let end = min(start + Self.run, segments.count)
      var count = 0
      for index in start..<end { count += segments[index].low <= address ? 1 : 0 }
      guard count > 0 else { return nil }
      let found = segments[start + count - 1]
      return address <= found.high ? found.entry : nil
    }
  }

  /// The numbers of all entries that cover the address, as they were written. Looks at each: for people.
  func entries(covering address: Bound) -> [UInt32] {
    (written ?? segments).filter { $0.low <= address && address <= $0.high }.map(\.entry)
  }

  /// All ranges as they were written, by first address, wider ones first.
  func forEach(_ body: (Segment) -> Void) {
    for segment in written ?? segments { body(segment) }
  }

  /// All addresses that some entry covers: neither overlapping nor adjacent, in order.
  var covered: [ClosedRange<Bound>] {
    var runs: [ClosedRange<Bound>] = []
    for segment in segments {
      if let last = runs.last, last.upperBound == segment.low &- 1, segment.low > 0 {
        runs[runs.count - 1] = last.lowerBound...segment.high
      } else {
        runs.append(segment.low...segment.high)
      }
    }
    return runs
  }

  // MARK: Making

  /// By first address, wider ranges first, later entries first: what comes later is inside or as good.
  private static func precedes(_ left: Segment, _ right: Segment) -> Bool {
    if left.low != right.low { return left.low < right.low }
    if left.high != right.high { return left.high > right.high }
    return left.entry > right.entry
  }

  private static func isSorted(_ ranges: [Segment]) -> Bool {
    var previous: Segment?
    for range in ranges {
      if let previous, !precedes(previous, range) { return false }
      previous = range
    }
    return true
  }

  /// What is left of overlapping ranges when each address belongs to the range that starts last; nil when none overlap.
  private static func pieces(of sorted: [Segment]) -> [Segment]? {
    guard zip(sorted, sorted.dropFirst()).contains(where: { $0.high >= $1.low }) else { return nil }
    // Twice over, so that no more memory is taken than needed.
    var count = 0
    cut(sorted) { _ in count += 1 }
    var pieces: [Segment] = []
    pieces.reserveCapacity(count)
    cut(sorted) { pieces.append($0) }
    return pieces
  }

  private static func cut(_ sorted: [Segment], emit: (Segment) -> Void) {
    // The ranges that cover the current address, and some that did; the last one started last.
    var open: [Segment] = []
    var position: Bound = 0
    /// Cuts off what lies before `end`.
    func advance(before end: Bound?) {
      while let top = open.last {
        if let end, position >= end { return }
        if top.high >= position {
          let high = end.map { min(top.high, $0 - 1) } ?? top.high
          emit(Segment(low: position, high: high, entry: top.entry))
          if high == .max { return open.removeAll() }
          position = high + 1
        }
        if let end, top.high >= end { return }
        open.removeLast()
      }
    }
    for range in sorted {
      advance(before: range.low)
      position = range.low
      open.append(range)
    }
    advance(before: nil)
  }

  private static func landmarks(over segments: [Segment]) -> (levels: [Level], landmarks: [Bound]) {
    var levels: [[Bound]] = []
    if segments.count > run { levels.append(stride(from: 0, to: segments.count, by: run).map { segments[$0].low }) }
    while let below = levels.last, below.count > fanOut {
      levels.append(stride(from: 0, to: below.count, by: fanOut).map { below[$0] })
    }
    var found: [Level] = []
    var landmarks: [Bound] = []
    for level in levels.reversed() {
      found.append(Level(offset: landmarks.count, count: level.count))
      landmarks += level
      landmarks += Array(repeating: .max, count: (fanOut - level.count % fanOut) % fanOut)
    }
    return (found, landmarks)
  }
}
