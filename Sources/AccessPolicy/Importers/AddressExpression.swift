/// A regular expression as old servers had them for addresses, read into its parts.
///
/// It must match the whole text of an address. Outside of that, back references, look-around and other parts that are
/// no regular language are refused.
indirect enum AddressExpression: Hashable {
  /// The empty text.
  case nothing
  /// One of these characters.
  case one(PatternAutomaton.Characters)
  /// One after the other.
  case sequence([AddressExpression])
  /// One of these.
  case either([AddressExpression])
  /// So many times; without `most`, as often as one likes.
  case repeated(AddressExpression, least: Int, most: Int?)

  /// Why an expression cannot be translated.
  enum Refusal: Error, Hashable, CustomStringConvertible {
    /// Something that is no regular expression, or none that can be translated; what it is, and where, from 1.
    case unsupported(String, column: Int)
    /// A repetition of more than `limit` times.
    case tooManyRepetitions(limit: Int)
    /// It takes too many states.
    case tooComplex
    /// It means more than `limit` separate runs of addresses.
    case tooManyRanges(limit: Int)

    var description: String {
      switch self {
      case .unsupported(let what, let column): "\(what) at character \(column) cannot be translated"
      case .tooManyRepetitions(let limit): "more than \(limit) repetitions"
      case .tooComplex: "the expression is too complex"
      case .tooManyRanges(let limit): "it means more than \(limit) separate runs of addresses"
      }
    }
  }

  init(parsing text: String) throws(Refusal) {
    var parser = ExpressionParser(text)
    self = try parser.parse()
  }
}

extension PatternAutomaton.Characters: Hashable {}

/// Recursive descent over the usual syntax.
private struct ExpressionParser {
  private static let maximumRepetitions = 64
  private static let maximumDepth = 32

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func refuse(_ what: String) -> AddressExpression.Refusal { .unsupported(what, column: position + 1) }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  mutating func parse() throws(AddressExpression.Refusal) -> AddressExpression {
    let expression = try alternatives()
    guard next == nil else { throw refuse("\")\"") }
    return expression
  }

  private mutating func alternatives() throws(AddressExpression.Refusal) -> AddressExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .tooComplex }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .either(parts)
  }

  private mutating func sequence() throws(AddressExpression.Refusal) -> AddressExpression {
    var parts: [AddressExpression] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      // Anchors say what holds anyway, if they stand where the whole text begins and ends.
      if scalar == "^" {
        guard parts.isEmpty, depth <= 2 else { throw refuse("\"^\"") }
        position += 1
        continue
      }
      if scalar == "$" {
        position += 1
        guard next == nil || next == "|" || next == ")" else { throw refuse("what follows \"$\"") }
        continue
      }
      parts.append(try repeated(try atom()))
    }
    return parts.isEmpty ? .nothing : parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(
    _ atom: AddressExpression
  ) throws(AddressExpression.Refusal) -> AddressExpression {
    var expression = atom
    while let scalar = next {
      switch scalar {
      case "*": expression = .repeated(expression, least: 0, most: nil)
      case "+": expression = .repeated(expression, least: 1, most: nil)
      case "?": expression = .repeated(expression, least: 0, most: 1)
      case "{":
        expression = try counted(expression)
        if take("+") { throw refuse("a possessive repetition") }
        _ = take("?")
        continue
      default: return expression
      }
      position += 1
      // Behind a repetition `?` makes it lazy, which changes nothing of what matches; `+` gives nothing back.
      if next == "+" { throw refuse("a possessive repetition") }
      _ = take("?")
    }
    return expression
  }

  private mutating func counted(_ atom: AddressExpression) throws(AddressExpression.Refusal) -> AddressExpression {
    position += 1
    guard let least = number() else { throw refuse("a repetition without number") }
    var most: Int? = least
    if take(",") { most = next == "}" ? nil : number() ?? -1 }
    guard take("}"), most.map({ $0 >= least }) ?? true else { throw refuse("a repetition") }
    guard max(least, most ?? 0) <= Self.maximumRepetitions else {
      throw .tooManyRepetitions(limit: Self.maximumRepetitions)
    }
    return .repeated(atom, least: least, most: most)
  }

  private mutating func number() -> Int? {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar), digits.count < 4 {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    return Int(digits)
  }

  private mutating func atom() throws(AddressExpression.Refusal) -> AddressExpression {
    guard let scalar = next else { return .nothing }
    switch scalar {
    case "(":
      position += 1
      if take("?") {
        guard take(":") else { throw refuse("a group with a question mark") }
      }
      let inner = try alternatives()
      guard take(")") else { throw refuse("a group without end") }
      return inner
    case "[": return .one(try characterClass())
    case "\\": return .one(try escape())
    case ".":
      position += 1
      return .one(.all)
    case "*", "+", "?", "{", "]", "}": throw refuse("\"\(scalar)\"")
    default:
      position += 1
      return .one(.init(scalar))
    }
  }

  private mutating func escape() throws(AddressExpression.Refusal) -> PatternAutomaton.Characters {
    position += 1
    guard let scalar = next else { throw refuse("a backslash at the end") }
    position += 1
    switch scalar {
    case "d", "w": return .digits
    case "D", "W": return .dot
    case "s": return []
    case "S": return .all
    case "a"..."z", "A"..."Z", "0"..."9":
      position -= 1
      throw refuse("\"\\\(scalar)\"")
    default: return .init(scalar)
    }
  }

  private mutating func characterClass() throws(AddressExpression.Refusal) -> PatternAutomaton.Characters {
    position += 1
    let isNegated = take("^")
    var found: PatternAutomaton.Characters = []
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      if scalar == "[" || scalar == "&" { throw refuse("a set inside a set") }
      if scalar == "\\" {
        found.formUnion(try escape())
        continue
      }
      position += 1
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        found.formUnion(.init(scalar))
        continue
      }
      let end = scalars[position + 1]
      guard end != "\\", scalar <= end else { throw refuse("a range of characters") }
      position += 2
      for value in "0123456789.".unicodeScalars where scalar <= value && value <= end { found.formUnion(.init(value)) }
    }
    guard take("]") else { throw refuse("a set without end") }
    return isNegated ? .all.subtracting(found) : found
  }
}
