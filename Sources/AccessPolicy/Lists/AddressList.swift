/// A whitelist or a blacklist, compiled: immutable, asked from any thread without a lock and without allocation.
public final class AddressList: Sendable {
  /// One entry of a list, by its number in the order of the files.
  public struct Index: Sendable, Hashable {
    let value: UInt32
  }

  private let v4: RangeTable<UInt32>
  private let v6: RangeTable<UInt128>
  private let places: EntryPlaces
  private let hostBits: Set<UInt32>

  init(v4: RangeTable<UInt32>, v6: RangeTable<UInt128>, places: EntryPlaces, hostBits: Set<UInt32> = []) {
    self.hostBits = hostBits
    self.v4 = v4
    self.v6 = v6
    self.places = places
  }

  /// A list without entries.
  public static let empty = AddressListBuilder().build()

  /// How many entries there are.
  public var count: Int { v4.count + v6.count }

  /// Whether there are none.
  public var isEmpty: Bool { count == 0 }

  /// The files it was made of.
  public var files: [String] { places.files.map(\.path) }

  /// The entry that covers the address, of several the innermost; nil when none does.
  public func entry(covering address: IPAddress) -> Index? {
    switch address {
    case .v4(let value): v4.entry(covering: value).map(Index.init(value:))
    case .v6(let value): v6.entry(covering: value).map(Index.init(value:))
    }
  }

  /// Whether an entry covers the address.
  public func contains(_ address: IPAddress) -> Bool { entry(covering: address) != nil }

  /// All entries that cover the address, in the order of the files. Looks at every entry: for people.
  public func entries(covering address: IPAddress) -> [ListedEntry] {
    switch address {
    case .v4(let value):
      v4.entries(covering: value).sorted().map { self[Index(value: $0)] }
    case .v6(let value):
      v6.entries(covering: value).sorted().map { self[Index(value: $0)] }
    }
  }

  /// What is known of an entry. Looks at every entry: for people.
  public subscript(index: Index) -> ListedEntry {
    var range: AddressRange?
    forEachRange { if $1 == index { range = $0 } }
    // An index comes from the list itself; without its list it means nothing, but it must not stop the process.
    return listed(index, range: range ?? AddressRange(.v4(0)))
  }

  /// All entries, IPv4 first, by first address.
  public var entries: [ListedEntry] {
    var all: [ListedEntry] = []
    all.reserveCapacity(count)
    forEachRange { all.append(listed($1, range: $0)) }
    return all
  }

  /// All ranges with their entries, IPv4 first, by first address.
  func forEachRange(_ body: (AddressRange, Index) -> Void) {
    v4.forEach { body(.v4($0.low...$0.high), Index(value: $0.entry)) }
    v6.forEach { body(.v6($0.low...$0.high), Index(value: $0.entry)) }
  }

  /// The addresses that some entry covers.
  public var covered: AddressSet { AddressSet(v4: v4.covered, v6: v6.covered) }

  private func listed(_ index: Index, range: AddressRange) -> ListedEntry {
    ListedEntry(
      range: range, file: places.file(of: index.value), line: places.line(of: index.value),
      comment: places.comment(of: index.value), hasHostBits: hostBits.contains(index.value))
  }
}

/// An entry with the place where it stands, for people.
public struct ListedEntry: Sendable, Hashable {
  /// The addresses it means.
  public let range: AddressRange
  /// The file as it was named.
  public let file: String
  /// From 1.
  public let line: Int
  /// What its author wrote beside or above it; nil when nothing.
  public let comment: String?
  /// It was written as a block with bits set behind its prefix (`10.1.2.3/8`): they say nothing.
  public let hasHostBits: Bool

  /// `file:line`
  public var place: String { "\(file):\(line)" }
}
