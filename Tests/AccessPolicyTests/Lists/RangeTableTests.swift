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
