/// Ranges of addresses with the numbers of their entries, in 12 bytes each for IPv4 and 24 for IPv6.
///
/// Nearly all are blocks, whose last address follows of the first and the count of free bits; the last addresses of the
/// others stand beside them.
struct PackedRanges<Bound: RangeBound>: Sendable {
  private struct Element: Sendable {
    let low: Bound.Packed
    let entry: UInt32
    /// The free bits of a block; above `Bound.bitWidth`, the place in `ends`.
    let extent: UInt32
  }

  private var elements: [Element] = []
  private var ends: [Bound] = []

  /// How many there are.
  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }

  mutating func append(_ segment: RangeTable<Bound>.Segment) {
    let differing = segment.low ^ segment.high
    let extent: Int
    if differing & (differing &+ 1) == 0, segment.low & differing == 0 {
      extent = Bound.bitWidth - differing.leadingZeroBitCount
    } else {
      ends.append(segment.high)
      extent = Bound.bitWidth + ends.count
    }
    elements.append(
      Element(low: segment.low.packed, entry: segment.entry, extent: UInt32(clamping: extent)))
  }

  /// All of them, and none is left.
  mutating func take() -> Self {
    let all = self
    self = Self()
    return all
  }

  mutating func reserveCapacity(_ count: Int) { elements.reserveCapacity(count) }

  subscript(index: Int) -> RangeTable<Bound>.Segment {
    let element = elements[index]
    return .init(low: Bound(packed: element.low), high: end(of: element), entry: element.entry)
  }

  /// The first address of a range.
  @inline(__always)
  func low(_ index: Int) -> Bound { elements.withUnsafeBufferPointer { Bound(packed: $0[index].low) } }

  /// The entry of a range, if the range, which does not begin behind the address, reaches to it.
  @inline(__always)
  func entry(_ index: Int, reaching address: Bound) -> UInt32? {
    let element = elements[index]
    if element.extent <= Bound.bitWidth {
      return (Bound(packed: element.low) ^ address) >> Bound(element.extent) == 0 ? element.entry : nil
    }
    return address <= end(of: element) ? element.entry : nil
  }

  /// In the order of `RangeTable`.
  mutating func sort() {
    let ends = ends
    func segment(_ element: Element) -> RangeTable<Bound>.Segment {
      .init(low: Bound(packed: element.low), high: Self.end(of: element, ends), entry: element.entry)
    }
    if zip(elements, elements.dropFirst()).allSatisfy({ RangeTable.precedes(segment($0), segment($1)) }) { return }
    elements.sort { RangeTable.precedes(segment($0), segment($1)) }
  }

  func forEach(_ body: (RangeTable<Bound>.Segment) -> Void) {
    for index in elements.indices { body(self[index]) }
  }

  private func end(of element: Element) -> Bound { Self.end(of: element, ends) }

  private static func end(of element: Element, _ ends: [Bound]) -> Bound {
    guard element.extent <= Bound.bitWidth else { return ends[Int(element.extent) - Bound.bitWidth - 1] }
    // A shift by the whole width gives zero: a block of all addresses.
    return Bound(packed: element.low) | ~(Bound.max << Bound(element.extent))
  }
}
