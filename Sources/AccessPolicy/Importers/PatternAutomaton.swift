/// A regular expression over the text of IPv4 addresses, as a nondeterministic automaton. Only digits and dots matter:
/// no address has another character.
struct PatternAutomaton {
  /// What a step may read: bits 0 to 9 for the digits, bit 10 for the dot.
  struct Characters: OptionSet {
    let rawValue: UInt16
    static let digits = Characters(rawValue: 0x3FF)
    static let dot = Characters(rawValue: 0x400)
    static let all = Characters(rawValue: 0x7FF)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The bit of a character; none for one that no address has.
    init(_ scalar: Unicode.Scalar) {
      switch scalar {
      case "0"..."9": self.init(rawValue: 1 << UInt16(scalar.value - 48))
      case ".": self = .dot
      default: self = []
      }
    }
  }

  /// Where one may go from a state.
  private enum Step {
    /// To `to` by one of these characters.
    case read(Characters, to: Int)
    /// To all of these by nothing.
    case split([Int])
    case accept
  }

  /// Most states of one expression: repetitions multiply them.
  static let maximumStates = 20_000

  private var steps: [Step] = []
  private(set) var start = 0

  /// Builds the automaton; nil when it would have too many states.
  init?(_ expression: AddressExpression) {
    steps.append(.accept)
    guard let start = add(expression, then: 0) else { return nil }
    self.start = start
  }

  /// The states that can be reached before anything is read.
  var initial: Set<Int> { closure(of: [start]) }

  /// The states after one more character.
  func advance(_ states: Set<Int>, by character: Characters) -> Set<Int> {
    var next: [Int] = []
    for state in states {
      if case .read(let characters, let to) = steps[state], !characters.isDisjoint(with: character) { next.append(to) }
    }
    return closure(of: next)
  }

  /// Whether the text may end here.
  func accepts(_ states: Set<Int>) -> Bool { states.contains(0) }

  private func closure(of states: [Int]) -> Set<Int> {
    var found: Set<Int> = []
    var open = states
    while let state = open.popLast() {
      guard found.insert(state).inserted else { continue }
      if case .split(let others) = steps[state] { open += others }
    }
    return found
  }

  private mutating func add(_ step: Step) -> Int? {
    guard steps.count < Self.maximumStates else { return nil }
    steps.append(step)
    return steps.count - 1
  }

  /// Adds states that read the expression and go on at `next`; returns their start.
  private mutating func add(_ expression: AddressExpression, then next: Int) -> Int? {
    switch expression {
    case .nothing: return next
    case .one(let characters): return add(.read(characters, to: next))
    case .sequence(let parts):
      var start = next
      for part in parts.reversed() {
        guard let earlier = add(part, then: start) else { return nil }
        start = earlier
      }
      return start
    case .either(let parts):
      var starts: [Int] = []
      for part in parts {
        guard let start = add(part, then: next) else { return nil }
        starts.append(start)
      }
      return add(.split(starts))
    case .repeated(let part, let least, let most):
      return add(part, least: least, most: most, then: next)
    }
  }

  private mutating func add(_ part: AddressExpression, least: Int, most: Int?, then next: Int) -> Int? {
    var start = next
    if let most {
      for _ in least..<max(least, most) {
        guard let one = add(part, then: start), let split = add(.split([one, next])) else { return nil }
        start = split
      }
    } else {
      // The split is there before what it leads to: a loop.
      guard let loop = add(.split([])), let one = add(part, then: loop) else { return nil }
      steps[loop] = .split([one, next])
      start = loop
    }
    for _ in 0..<least {
      guard let one = add(part, then: start) else { return nil }
      start = one
    }
    return start
  }
}
