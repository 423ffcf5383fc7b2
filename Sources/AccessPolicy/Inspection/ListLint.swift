/// Finds entries that say nothing or too much: for `policy lint`.
public struct ListLint: Sendable {
  /// One entry to think about.
  public struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// What is odd about it.
    public enum Kind: Sendable, Hashable {
      /// Another entry of the same list covers all of it.
      case shadowed(by: ListedEntry)
      /// Entries of this blacklist make all of the whitelist entry void.
      case void(by: ListedEntry)
      /// It covers more addresses than one would mean: 2 to the power of `bits`.
      case tooWide(bits: Int)
      /// A block with bits set behind its prefix: one address was meant, or another prefix.
      case hostBits
      /// The level for all does not let in any of these addresses.
      case unreachable
    }

    /// The level of its list.
    public let level: AccessLevel
    /// Its list.
    public let list: ListKind
    /// The entry.
    public let entry: ListedEntry
    /// What is odd.
    public let kind: Kind

    /// `file:line: what is odd`
    public var description: String {
      let what =
        switch kind {
        case .shadowed(let other): "says nothing that \(other.range) at \(other.place) does not say"
        case .void(let other): "is void: \(other.range) at \(other.place) in the blacklist wins"
        case .tooWide(let bits): "covers 2^\(bits) addresses: is that meant?"
        case .hostBits: "was written with bits behind its prefix, which say nothing: one address, or another prefix?"
        case .unreachable: "lets nobody in: the whitelist for all has none of these addresses"
        }
      return "\(entry.place): \(entry.range) (\(list.rawValue) of \(level)) \(what)"
    }
  }

  /// IPv4 entries of this many addresses (as a power of two) or more are too wide. Default 24: a /8.
  public var widestIPv4 = 24
  /// IPv6 entries of this many addresses (as a power of two) or more are too wide. Default 104: a /24.
  public var widestIPv6 = 104

  /// The defaults.
  public init() {}

  /// All that is odd, level by level, in the order of the files.
  public func findings(in policy: AccessPolicy) -> [Finding] {
    policy.levels.flatMap { level -> [Finding] in
      ListKind.allCases.flatMap { kind in findings(level, kind, in: policy) }
    }
  }

  private func findings(_ level: AccessLevel, _ kind: ListKind, in policy: AccessPolicy) -> [Finding] {
    let lists = policy.lists(of: level)
    let entries = lists[kind].entries
    func finding(_ entry: ListedEntry, _ what: Finding.Kind) -> Finding {
      Finding(level: level, list: kind, entry: entry, kind: what)
    }
    var found = Self.shadowed(entries).map { finding($0, .shadowed(by: $1)) }
    found += entries.compactMap { entry in
      let (bits, limit) = Self.width(of: entry.range, widestIPv4, widestIPv6)
      return bits >= limit ? finding(entry, .tooWide(bits: bits)) : nil
    }
    found += entries.filter(\.hasHostBits).map { finding($0, .hostBits) }
    if kind == .whitelist {
      found += Self.voided(entries, by: lists.blacklist, policy.all.blacklist).map { finding($0, .void(by: $1)) }
      if level != .all, !policy.all.whitelist.isEmpty {
        let reachable = policy.all.whitelist.covered
        found += entries.filter { AddressSet([$0.range]).intersection(reachable).isEmpty }
          .map { finding($0, .unreachable) }
      }
    }
    return found.sorted { ($0.entry.file, $0.entry.line) < ($1.entry.file, $1.entry.line) }
  }

  /// The power of two that the range's number of addresses reaches, and the limit for its family.
  private static func width(of range: AddressRange, _ widest4: Int, _ widest6: Int) -> (bits: Int, limit: Int) {
    switch range {
    case .v4(let range):
      let count = UInt64(range.upperBound - range.lowerBound) + 1
      return (63 - count.leadingZeroBitCount, widest4)
    case .v6(let range):
      let span = range.upperBound - range.lowerBound
      guard span < .max else { return (128, widest6) }
      return (127 - (span + 1).leadingZeroBitCount, widest6)
    }
  }

  /// Whitelist entries of which a blacklist leaves nothing, each with a blacklist entry that takes some of it.
  private static func voided(
    _ entries: [ListedEntry], by lists: AddressList...
  ) -> [(ListedEntry, by: ListedEntry)] {
    let black = lists.reduce(AddressSet()) { $0.union($1.covered) }
    guard !black.isEmpty else { return [] }
    return entries.compactMap { entry in
      guard black.covers(entry.range) else { return nil }
      let index = lists.lazy.compactMap { list in list.entry(covering: entry.range.first).map { list[$0] } }.first
      return index.map { (entry, by: $0) }
    }
  }

  /// Entries inside another one; of equal ones the later. In the order of first addresses, wider ones first.
  private static func shadowed(_ entries: [ListedEntry]) -> [(ListedEntry, by: ListedEntry)] {
    var found: [(ListedEntry, by: ListedEntry)] = []
    // In this order, what covers an entry reaches farther than all before it that do not: one to remember.
    var farthest: ListedEntry?
    for (index, entry) in entries.enumerated() {
      // Of equal ranges, later entries come first.
      let isRepeated = index + 1 < entries.count && entries[index + 1].range == entry.range
      if isRepeated {
        let first = entries[index...].prefix { $0.range == entry.range }.last ?? entry
        found.append((entry, by: first))
        continue
      }
      if let farthest, farthest.range.covers(entry.range) {
        found.append((entry, by: farthest))
      } else {
        farthest = entry
      }
    }
    return found
  }
}

extension AddressRange {
  /// Whether every address of the other range is one of these.
  func covers(_ other: AddressRange) -> Bool {
    switch (self, other) {
    case (.v4(let outer), .v4(let inner)): outer.lowerBound <= inner.lowerBound && inner.upperBound <= outer.upperBound
    case (.v6(let outer), .v6(let inner)): outer.lowerBound <= inner.lowerBound && inner.upperBound <= outer.upperBound
    default: false
    }
  }
}
