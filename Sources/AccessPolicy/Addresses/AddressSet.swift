/// A set of addresses as runs: none overlapping or adjacent, in order. For comparing lists and translating rules.
public struct AddressSet: Sendable, Hashable {
  /// The runs of IPv4.
  public private(set) var v4: [ClosedRange<UInt32>]
  /// The runs of IPv6.
  public private(set) var v6: [ClosedRange<UInt128>]

  /// No address.
  public init() {
    self.init(v4: [], v6: [])
  }

  /// The addresses of all these ranges, which may overlap.
  public init(_ ranges: some Sequence<AddressRange>) {
    var v4: [ClosedRange<UInt32>] = []
    var v6: [ClosedRange<UInt128>] = []
    for range in ranges {
      switch range {
      case .v4(let range): v4.append(range)
      case .v6(let range): v6.append(range)
      }
    }
    self.init(v4: Self.joined(v4), v6: Self.joined(v6))
  }

  /// Runs that are in order and do not touch.
  init(v4: [ClosedRange<UInt32>], v6: [ClosedRange<UInt128>]) {
    self.v4 = v4
    self.v6 = v6
  }

  /// Every address of both families.
  public static let all = AddressSet(v4: [0...UInt32.max], v6: [0...UInt128.max])

  /// Whether there is none.
  public var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

  /// The runs, IPv4 first.
  public var ranges: [AddressRange] { v4.map(AddressRange.v4) + v6.map(AddressRange.v6) }

  /// Whether the address is one of them.
  public func contains(_ address: IPAddress) -> Bool { covers(AddressRange(address)) }

  /// Whether every address of the range is one of them.
  public func covers(_ range: AddressRange) -> Bool {
    switch range {
    case .v4(let range): Self.run(in: v4, at: range.lowerBound).map { $0.contains(range.upperBound) } ?? false
    case .v6(let range): Self.run(in: v6, at: range.lowerBound).map { $0.contains(range.upperBound) } ?? false
    }
  }

  /// These and those.
  public func union(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: Self.joined(v4 + other.v4), v6: Self.joined(v6 + other.v6))
  }

  /// These without those.
  public func subtracting(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: Self.difference(v4, other.v4), v6: Self.difference(v6, other.v6))
  }

  /// What is in both.
  public func intersection(_ other: AddressSet) -> AddressSet {
    subtracting(AddressSet.all.subtracting(other))
  }

  /// The run that has the value.
  private static func run<Value: Comparable>(in runs: [ClosedRange<Value>], at value: Value) -> ClosedRange<Value>? {
    var (low, count) = (0, runs.count)
    while count > 0 {
      let half = count / 2
      if runs[low + half].lowerBound <= value {
        (low, count) = (low + half + 1, count - half - 1)
      } else {
        count = half
      }
    }
    guard low > 0, runs[low - 1].contains(value) else { return nil }
    return runs[low - 1]
  }

  private static func joined<Value: FixedWidthInteger & UnsignedInteger>(
    _ runs: [ClosedRange<Value>]
  ) -> [ClosedRange<Value>] {
    var joined: [ClosedRange<Value>] = []
    for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, last.upperBound == .max || run.lowerBound <= last.upperBound + 1 {
        joined[joined.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
      } else {
        joined.append(run)
      }
    }
    return joined
  }

  private static func difference<Value: FixedWidthInteger & UnsignedInteger>(
    _ runs: [ClosedRange<Value>], _ taken: [ClosedRange<Value>]
  ) -> [ClosedRange<Value>] {
    var left: [ClosedRange<Value>] = []
    var index = 0
    for run in runs {
      while index < taken.count, taken[index].upperBound < run.lowerBound { index += 1 }
      var low: Value? = run.lowerBound
      var other = index
      while let start = low, other < taken.count, taken[other].lowerBound <= run.upperBound {
        if taken[other].lowerBound > start { left.append(start...(taken[other].lowerBound - 1)) }
        low = taken[other].upperBound < run.upperBound ? taken[other].upperBound + 1 : nil
        other += 1
      }
      if let low { left.append(low...run.upperBound) }
    }
    return left
  }
}
