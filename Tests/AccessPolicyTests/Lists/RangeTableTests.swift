import Seeded
import Testing

@testable import AccessPolicy

@Suite struct RangeTableTests {
  /// Sizes around each level of landmarks.
  @Test(arguments: [0, 1, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025])
  func everyRangeIsFoundAndNothingElse(count: Int) {
    let segments = (0..<UInt32(count)).map { index -> RangeTable<UInt32>.Segment in
      let low = index * 4 + 1
      return .init(low: low, high: low + 1, entry: index)
    }
    let table = RangeTable(segments.reversed())
    #expect(table.count == count)
    for value in 0..<UInt32(count * 4 + 4) {
      let isInside = value % 4 == 1 || value % 4 == 2
      let expected = isInside && value / 4 < count ? value / 4 : nil
      #expect(table.entry(covering: value) == expected)
    }
    #expect(table.entry(covering: .max) == nil)
  }

  @Test func theHighestAddressIsFoundBehindThePadding() {
    let segments = (0..<UInt32(20)).map { index -> RangeTable<UInt32>.Segment in
      .init(low: .max - index, high: .max - index, entry: index)
    }
    #expect(RangeTable(segments).entry(covering: .max) == 0)
  }

  /// Addresses whose first halves are the same, few or nearly all of them, beside a search through all ranges; sizes
  /// around each level, ranges that are no blocks among them.
  @Test(arguments: [1, 4, 5, 70, 1030, 5000], [UInt64(1), 3, 200, .max])
  func addressesOfOneSubnetAreToldApart(count: Int, subnets: UInt64) {
    var random = SeededGenerator(seed: UInt64(count) &+ subnets)
    func address() -> UInt128 {
      UInt128(UInt64.random(in: 0...subnets - 1, using: &random) &+ 7) << 64
        | UInt128(UInt64.random(in: 0...UInt64(count * 8), using: &random))
    }
    let segments = (0..<UInt32(count)).map { entry -> RangeTable<UInt128>.Segment in
      let low = address()
      switch entry % 3 {
      case 0: return .init(low: low, high: low, entry: entry)
      case 1: return .init(low: low & ~7, high: low | 7, entry: entry)
      default: return .init(low: low, high: low + UInt128(entry % 11), entry: entry)
      }
    }
    let table = RangeTable(segments)
    let sorted = segments.sorted { RangeTable.precedes($0, $1) }
    for tried in segments.prefix(300).flatMap({ [$0.low, $0.high, $0.low &- 1, $0.high &+ 1] }) + [0, .max] {
      let expected = sorted.last { $0.low <= tried && tried <= $0.high }?.entry
      #expect(table.entry(covering: tried) == expected)
    }
  }

  @Test func rangesComeBackAsTheyWere() {
    let ranges: [ClosedRange<UInt128>] = [
      0...0, 0 ... .max, .max ... .max, 5...5, 4...7, 4...6, 3...4, (1 << 64)...(2 << 64 - 1), 1 ... .max,
      0...(.max - 1), (1 << 127) ... .max,
    ]
    var packed = PackedRanges<UInt128>()
    for (index, range) in ranges.enumerated() {
      packed.append(.init(low: range.lowerBound, high: range.upperBound, entry: UInt32(index)))
    }
    for (index, range) in ranges.enumerated() {
      #expect(packed[index].low...packed[index].high == range)
      #expect(packed[index].entry == UInt32(index))
      #expect(packed.entry(index, reaching: range.upperBound) == UInt32(index))
      if range.upperBound < .max { #expect(packed.entry(index, reaching: range.upperBound + 1) == nil) }
    }
  }

  @Test func theInnermostBlockIsTheOneThatIsNamed() throws {
    let list = try AddressList.parse("0.0.0.0/0\n10.0.0.0/8\n10.1.0.0/16\n10.1.0.0/16\n10.1.2.3", file: "l")
    func line(_ text: String) throws -> Int? {
      list.entry(covering: try #require(IPAddress(text))).map { list[$0].line }
    }
    #expect(try line("9.0.0.1") == 1)
    #expect(try line("10.2.0.1") == 2)
    #expect(try line("10.1.0.1") == 3)
    #expect(try line("10.1.2.3") == 5)
    #expect(try line("11.0.0.0") == 1)
    #expect(list[try #require(list.entry(covering: .v4(0x0A01_0001)))].range.description == "10.1.0.0/16")
  }
}
