/// Collects the entries of a list and compiles them.
public struct AddressListBuilder {
  private var v4 = PackedRanges<UInt32>()
  private var v6 = PackedRanges<UInt128>()
  private(set) var places = EntryPlaces()
  /// Entries whose block has bits set behind its prefix, by number; the first ones.
  private var hostBits: Set<UInt32> = []

  /// A list with more of them has one mistake, not so many.
  private static let mostHostBits = 10_000

  /// A list without entries.
  public init() {}

  /// Entries so far.
  public var count: Int { places.count }

  /// The next entries stand in this file.
  public mutating func begin(file: String) {
    places.begin(file: file)
  }

  /// Adds an entry; `comment` is the reason that people see.
  public mutating func add(_ range: AddressRange, line: Int, comment: String? = nil) {
    let kept = comment.map { places.keep(comment: $0.utf8) }
    add(range, line: line, keptComment: kept)
  }

  mutating func keep(comment: some Collection<UInt8>) -> Range<UInt32> {
    places.keep(comment: comment)
  }

  /// Adds an entry as it was written.
  mutating func add(_ written: ListEntry, line: Int, keptComment: Range<UInt32>? = nil) {
    if case .block(hostBits: true) = written.form, hostBits.count < Self.mostHostBits {
      hostBits.insert(UInt32(clamping: places.count))
    }
    add(written.range, line: line, keptComment: keptComment)
  }

  private mutating func add(_ range: AddressRange, line: Int, keptComment: Range<UInt32>?) {
    let entry = UInt32(clamping: places.count)
    switch range {
    case .v4(let range): v4.append(.init(low: range.lowerBound, high: range.upperBound, entry: entry))
    case .v6(let range): v6.append(.init(low: range.lowerBound, high: range.upperBound, entry: entry))
    }
    places.add(line: line, comment: keptComment)
  }

  /// The list.
  public consuming func build() -> AddressList {
    // Taken out of here, so that a table sorts in place what it alone holds.
    AddressList(v4: RangeTable(v4.take()), v6: RangeTable(v6.take()), places: places, hostBits: hostBits)
  }
}
