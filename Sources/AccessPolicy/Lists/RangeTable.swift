/// Which entry covers an address: ranges of one family, sorted, none overlapping another. Immutable.
///
/// Above the sorted ranges stand levels of landmarks: the first address of every 4th range, then of every 16th landmark
/// of the level below. A search compares all neighbours of a group, without a branch that the processor could guess
/// wrong; it reaches few cache lines. Landmarks of IPv6 are the first halves of addresses, which tell nearly all ranges
/// apart; where several ranges have the same half, the search goes on from the last of them.
struct RangeTable<Bound: RangeBound>: Sendable {
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

  private let segments: PackedRanges<Bound>
  /// The levels, the topmost first; it has one group.
  private let levels: [Level]
  private let landmarks: [Bound.Landmark]
  /// The ranges as they were written, when some overlap and the segments are only what is left of them.
  private let written: PackedRanges<Bound>?

  /// Landmarks of a group.
  private static var fanOut: Int { 16 }
  /// Ranges of a group.
  private static var run: Int { 4 }

  /// Sorts `ranges`, which may overlap in any way.
  init(_ ranges: consuming PackedRanges<Bound>) {
    ranges.sort()
    if let pieces = Self.pieces(of: ranges) {
      segments = pieces
      written = ranges
    } else {
      segments = ranges
      written = nil
    }
    (levels, landmarks) = Self.landmarks(over: segments)
  }

  /// The same for a few.
  init(_ ranges: some Sequence<Segment>) {
    var packed = PackedRanges<Bound>()
    for range in ranges { packed.append(range) }
    self.init(packed)
  }

  /// Ranges as they were written.
  var count: Int { (written ?? segments).count }

  /// The number of the entry that covers the address; of several the one that starts last: the innermost block.
  func entry(covering address: Bound) -> UInt32? {
    guard !segments.isEmpty, let member = run(of: address.landmark) else { return nil }
    let start = member * Self.run
    var count = 0
    for index in start..<min(start + Self.run, segments.count) { count += segments.low(index) <= address ? 1 : 0 }
    guard count > 0 else { return entryBefore(start, covering: address) }
    return segments.entry(start + count - 1, reaching: address)
  }

  /// The last run whose first range has a landmark that is not behind the given one; nil if there is none.
  @inline(__always)
  private func run(of landmark: Bound.Landmark) -> Int? {
    landmarks.withUnsafeBufferPointer { landmarks in
      var member = 0
      for level in levels {
        let group = member * Self.fanOut
        var count = 0
        for index in 0..<Self.fanOut { count += landmarks[level.offset + group + index] <= landmark ? 1 : 0 }
        // Only before the very first: a group's first member is the landmark that led here.
        guard count > 0 else { return nil }
        // The padding counts when the address is the highest of all.
        member = min(group + count, level.count) - 1
      }
      return member
    }
  }

  /// The run that was found has the address's landmark and begins behind the address: its range is among those before,
  /// most likely right before. Steps back, twice as far each time, then halves.
  private func entryBefore(_ start: Int, covering address: Bound) -> UInt32? {
    var (end, step) = (start, 1)
    var low = start
    while low > 0 {
      low = max(0, end - step)
      if segments.low(low) <= address { break }
      (end, step) = (low, step * 2)
    }
    // All from `end` on begin behind the address.
    while low < end {
      let middle = low + (end - low) / 2
      if segments.low(middle) <= address { low = middle + 1 } else { end = middle }
    }
    return end > 0 ? segments.entry(end - 1, reaching: address) : nil
  }

  /// The numbers of all entries that cover the address, as they were written. Looks at each: for people.
  func entries(covering address: Bound) -> [UInt32] {
    var entries: [UInt32] = []
    forEach { if $0.low <= address, address <= $0.high { entries.append($0.entry) } }
    return entries
  }

  /// All ranges as they were written, by first address, wider ones first.
  func forEach(_ body: (Segment) -> Void) { (written ?? segments).forEach(body) }

  /// All addresses that some entry covers: neither overlapping nor adjacent, in order.
  var covered: [ClosedRange<Bound>] {
    var runs: [ClosedRange<Bound>] = []
    segments.forEach { segment in
      if let last = runs.last, last.upperBound == segment.low &- 1, segment.low > 0 {
        runs[runs.count - 1] = last.lowerBound...segment.high
      } else {
        runs.append(segment.low...segment.high)
      }
    }
    return runs
  }
}

// MARK: - Making

extension RangeTable {
  /// By first address, wider ranges first, later entries first: what comes later is inside or as good.
  static func precedes(_ left: Segment, _ right: Segment) -> Bool {
    if left.low != right.low { return left.low < right.low }
    if left.high != right.high { return left.high > right.high }
    return left.entry > right.entry
  }

  /// What is left of overlapping ranges when each address belongs to the range that starts last; nil when none overlap.
  private static func pieces(of sorted: PackedRanges<Bound>) -> PackedRanges<Bound>? {
    guard (0..<sorted.count).dropFirst().contains(where: { sorted[$0 - 1].high >= sorted.low($0) }) else { return nil }
    // Twice over, so that no more memory is taken than needed.
    var count = 0
    cut(sorted) { _ in count += 1 }
    var pieces = PackedRanges<Bound>()
    pieces.reserveCapacity(count)
    cut(sorted) { pieces.append($0) }
    return pieces
  }

  private static func cut(_ sorted: PackedRanges<Bound>, emit: (Segment) -> Void) {
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
    sorted.forEach { range in
      advance(before: range.low)
      position = range.low
      open.append(range)
    }
    advance(before: nil)
  }

  private static func landmarks(over segments: PackedRanges<Bound>) -> (levels: [Level], landmarks: [Bound.Landmark]) {
    var levels: [[Bound.Landmark]] = []
    if segments.count > run {
      levels.append(stride(from: 0, to: segments.count, by: run).map { segments.low($0).landmark })
    }
    while let below = levels.last, below.count > fanOut {
      levels.append(stride(from: 0, to: below.count, by: fanOut).map { below[$0] })
    }
    var found: [Level] = []
    var landmarks: [Bound.Landmark] = []
    landmarks.reserveCapacity(levels.reduce(0) { $0 + $1.count + fanOut })
    for level in levels.reversed() {
      found.append(Level(offset: landmarks.count, count: level.count))
      landmarks += level
      landmarks += Array(repeating: .max, count: (fanOut - level.count % fanOut) % fanOut)
    }
    return (found, landmarks)
  }
}
