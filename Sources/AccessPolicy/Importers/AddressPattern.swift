/// Which IPv4 addresses a regular expression matches, exactly, as runs.
struct AddressPattern {
  /// Most separate runs that one expression may mean.
  static let maximumRanges = 65_536

  /// The addresses whose whole text it matches.
  let addresses: AddressSet
  /// Whether a reading that looks for the expression anywhere in the text would match others too.
  let dependsOnAnchoring: Bool

  init(_ text: String) throws(AddressExpression.Refusal) {
    let expression = try AddressExpression(parsing: text)
    addresses = try Self.addresses(of: expression)
    let hasAnchors = text.hasPrefix("^") && text.hasSuffix("$") && !text.contains("|")
    if hasAnchors {
      dependsOnAnchoring = false
    } else {
      let any = AddressExpression.repeated(.one(.all), least: 0, most: nil)
      let loose = try? Self.addresses(of: .sequence([any, expression, any]))
      dependsOnAnchoring = loose != addresses
    }
  }

  private static func addresses(of expression: AddressExpression) throws(AddressExpression.Refusal) -> AddressSet {
    guard let automaton = PatternAutomaton(expression) else { throw .tooComplex }
    var walk = OctetWalk(automaton: automaton)
    return AddressSet(try walk.runs().map(AddressRange.v4))
  }
}

/// Reads all addresses at once, octet by octet: addresses that lead to the same states share what follows.
private struct OctetWalk {
  private struct Place: Hashable {
    let state: Int
    let octet: Int
  }

  private let automaton: PatternAutomaton
  /// Sets of states that were reached, by their numbers; 0 is the empty set.
  private var sets: [Set<Int>] = [[]]
  private var numbers: [Set<Int>: Int] = [[]: 0]
  /// Where a character leads from a set, as far as it is known.
  private var steps: [[Int?]] = [Array(repeating: 0, count: 11)]
  /// For each place, the runs of what may follow, counted in addresses of the octets that are left.
  private var known: [Place: [ClosedRange<UInt32>]] = [:]

  private static let maximumSets = 10_000

  init(automaton: PatternAutomaton) {
    self.automaton = automaton
  }

  mutating func runs() throws(AddressExpression.Refusal) -> [ClosedRange<UInt32>] {
    try runs(from: number(of: automaton.initial), octet: 0)
  }

  private mutating func runs(
    from state: Int, octet: Int
  ) throws(AddressExpression.Refusal) -> [ClosedRange<UInt32>] {
    if state == 0 { return [] }
    let place = Place(state: state, octet: octet)
    if let runs = known[place] { return runs }
    var runs: [ClosedRange<UInt32>] = []
    let size = UInt32(1) << UInt32(24 - 8 * octet)
    for value in 0..<256 {
      var after = state
      if value >= 100 { after = try step(from: after, by: value / 100) }
      if value >= 10 { after = try step(from: after, by: value / 10 % 10) }
      after = try step(from: after, by: value % 10)
      let base = UInt32(value) * size
      if octet == 3 {
        if automaton.accepts(sets[after]) { Self.append(base...base, to: &runs) }
        continue
      }
      for run in try self.runs(from: step(from: after, by: Self.dot), octet: octet + 1) {
        Self.append((base + run.lowerBound)...(base + run.upperBound), to: &runs)
      }
      guard runs.count <= AddressPattern.maximumRanges else {
        throw .tooManyRanges(limit: AddressPattern.maximumRanges)
      }
    }
    known[place] = runs
    return runs
  }

  /// The number of the bit that stands for the dot, behind those of the digits.
  private static let dot = 10

  private mutating func step(from state: Int, by bit: Int) throws(AddressExpression.Refusal) -> Int {
    if let next = steps[state][bit] { return next }
    let next = try number(of: automaton.advance(sets[state], by: .init(rawValue: 1 << UInt16(bit))))
    steps[state][bit] = next
    return next
  }

  private mutating func number(of set: Set<Int>) throws(AddressExpression.Refusal) -> Int {
    if let number = numbers[set] { return number }
    guard sets.count < Self.maximumSets else { throw .tooComplex }
    sets.append(set)
    steps.append(Array(repeating: nil, count: 11))
    numbers[set] = sets.count - 1
    return sets.count - 1
  }

  private static func append(_ run: ClosedRange<UInt32>, to runs: inout [ClosedRange<UInt32>]) {
    if let last = runs.last, last.upperBound + 1 == run.lowerBound {
      runs[runs.count - 1] = last.lowerBound...run.upperBound
    } else {
      runs.append(run)
    }
  }
}
