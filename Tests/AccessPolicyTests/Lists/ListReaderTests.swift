import Seeded
import Testing

@testable import AccessPolicy

@Suite struct ListReaderTests {
  private static let text = """
    \u{FEFF}# the office, ticket 12
    10.0.0.0/8
    10.1.2.3   # ticket 4711
    \t10.60.147.*\r

    192.0.2.1-192.0.2.9
    # two lines
    # of reason
    2001:db8::/32
    ::1# beside
    """

  private static func entries(_ list: AddressList) -> [String] {
    list.entries.sorted { $0.line < $1.line }.map { "\($0.place) \($0.range) \($0.comment ?? "-")" }
  }

  private static let expected = [
    "l:2 10.0.0.0/8 the office, ticket 12", "l:3 10.1.2.3 ticket 4711",
    "l:4 10.60.147.0/24 the office, ticket 12", "l:6 192.0.2.1-192.0.2.9 -",
    "l:9 2001:db8::/32 two lines of reason", "l:10 ::1 beside",
  ]

  @Test func entriesKeepTheirPlacesAndReasons() throws {
    #expect(Self.entries(try AddressList.parse(Self.text, file: "l")) == Self.expected)
  }

  @Test func anySplitReadsTheSame() throws {
    let bytes = Array(Self.text.utf8)
    for size in 1...bytes.count {
      var builder = AddressListBuilder()
      builder.begin(file: "l")
      var reader = ListReader(file: "l", limits: ListLimits())
      for start in stride(from: 0, to: bytes.count, by: size) {
        bytes[start..<min(start + size, bytes.count)].withUnsafeBufferPointer { reader.receive($0, into: &builder) }
      }
      reader.finish(into: &builder)
      #expect(reader.problems.isEmpty)
      #expect(Self.entries(builder.build()) == Self.expected)
    }
  }

  @Test func eachBadLineIsToldWithItsPlace() {
    let text = "10.0.0.1\n  nonsense\n10.0.0.2\n10.0.0.0/40 # why\n"
    let problems = problems(of: text)
    #expect(
      problems.map(\.description) == [
        "l:2:3: \"nonsense\" is no entry of a list: write an address, a block (10.0.0.0/8), a range (A-B) or a wildcard"
          + " (10.60.147.*)",
        "l:4:1: \"10.0.0.0/40\" is no entry of a list: the prefix must be a number from 0 to 32",
      ])
  }

  @Test func limitsHoldAtTheLastAndRefuseTheNext() throws {
    var limits = ListLimits()
    limits.entries = 2
    #expect(try AddressList.parse("10.0.0.1\n10.0.0.2", file: "l", limits: limits).count == 2)
    #expect(problems(of: "10.0.0.1\n10.0.0.2\n10.0.0.3\n10.0.0.4", limits).map(\.reason) == [.tooManyEntries(limit: 2)])
    limits.lineBytes = 8
    #expect(try AddressList.parse("10.0.0.1\n", file: "l", limits: limits).count == 1)
    #expect(problems(of: "10.0.0.11\n10.0.0.2", limits).map(\.reason) == [.lineTooLong(limit: 8)])
    limits.commentBytes = 4
    let cut = try AddressList.parse("::1 #ab\n::2 #cde", file: "l", limits: limits)
    #expect(cut.entries.map(\.comment) == ["ab", nil])
  }

  @Test func noTextStopsTheReader() {
    var generator = SeededGenerator(seed: 6)
    let seed = Array(Self.text.utf8)
    for _ in 0..<2_000 {
      var bytes = seed
      for _ in 0..<4 {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[index] = UInt8.random(in: 0...255, using: &generator)
      }
      var builder = AddressListBuilder()
      var reader = ListReader(file: "l", limits: ListLimits())
      bytes.withUnsafeBufferPointer { reader.receive($0, into: &builder) }
      reader.finish(into: &builder)
      // Every line is an entry, a problem, or neither; none is lost.
      #expect(builder.count + reader.problems.count <= bytes.filter { $0 == 10 }.count + 1)
    }
  }

  private func problems(of text: String, _ limits: ListLimits = ListLimits()) -> [ListProblem] {
    do throws(ListProblems) {
      _ = try AddressList.parse(text, file: "l", limits: limits)
      return []
    } catch {
      return error.problems
    }
  }
}
