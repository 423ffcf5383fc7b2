import AMF
import NIOCore
import Seeded

/// Makes random values that an encoding gives back unchanged.
struct RandomValue {
  var generator: SeededGenerator
  private let coding: Coding
  private var containers = 0
  private var open: [Int] = []
  /// Inside a value that AMF0 leaves to AMF3: only AMF3's forms, and only cycles within.
  private var switched: Int?

  init(seed: UInt64, for coding: Coding) {
    generator = SeededGenerator(seed: seed)
    self.coding = coding
  }

  private var isAMF3: Bool { coding == .amf3 || switched != nil }

  mutating func next() -> AMFValue {
    containers = 0
    return value(depth: 0)
  }

  private mutating func value(depth: Int) -> AMFValue {
    let kinds = depth < 5 ? 20 : 10
    switch Int.random(in: 0..<kinds, using: &generator) {
    case 0: return .undefined
    case 1: return isAMF3 ? .integer(integer()) : .unsupported
    case 2: return .null
    case 3: return .boolean(Bool.random(using: &generator))
    case 4, 5: return .number(number())
    case 6, 7: return .string(text())
    case 8:
      return .date(
        AMFDate(milliseconds: number(), timeZone: isAMF3 ? 0 : Int16.random(in: -720...720, using: &generator)))
    case 9: return isAMF3 && Bool.random(using: &generator) ? .xml(text()) : .xmlDocument(text())
    case 10: return .byteArray(ByteBuffer(bytes: (0..<small()).map { UInt8($0) }))
    case 11: return numbers()
    case 12: return ownedByAMF3(depth: depth)
    case 13: return cycle()
    case 14, 15: return container { random in .array(random.values(depth: depth)) }
    case 16:
      return container { random in
        let properties = AMFProperties(random.properties(depth: depth, atLeast: 1))
        return .ecmaArray(AMFAssociativeArray(properties, dense: random.isAMF3 ? random.values(depth: depth) : []))
      }
    default: return container { random in .object(random.object(depth: depth)) }
    }
  }

  private mutating func ownedByAMF3(depth: Int) -> AMFValue {
    let outer = switched
    if coding == .amf0, outer == nil { switched = containers }
    defer { switched = outer }
    let kind = Int.random(in: 0..<3, using: &generator)
    return container { random in
      switch kind {
      case 0:
        return .vector(AMFVector(.object(typeName: random.text(), random.values(depth: depth)), isFixed: true))
      case 1:
        let entries = (0..<random.small()).map { _ in
          let key = random.value(depth: depth + 1)
          return AMFDictionary.Element(key: key, value: random.value(depth: depth + 1))
        }
        return .dictionary(AMFDictionary(entries, hasWeakKeys: Bool.random(using: &random.generator)))
      default:
        return .externalizable(
          AMFExternalizable(
            className: "flex.messaging.io.ArrayCollection", value: random.value(depth: depth + 1)))
      }
    }
  }

  private mutating func container(_ make: (inout Self) -> AMFValue) -> AMFValue {
    open.append(containers)
    containers += 1
    defer { open.removeLast() }
    return make(&self)
  }

  private mutating func cycle() -> AMFValue {
    guard let target = open.filter({ $0 >= switched ?? 0 }).randomElement(using: &generator) else { return .null }
    return .reference(target)
  }

  private mutating func object(depth: Int) -> AMFObject {
    let className = Bool.random(using: &generator) ? nil : "app." + text()
    guard isAMF3 else { return AMFObject(className: className, AMFProperties(properties(depth: depth))) }
    let sealed = AMFProperties(properties(depth: depth))
    let isDynamic = Bool.random(using: &generator)
    let dynamic = isDynamic ? AMFProperties(properties(depth: depth)) : AMFProperties()
    return AMFObject(className: className, sealed: sealed, dynamic: dynamic, isDynamic: isDynamic)
  }

  private mutating func properties(depth: Int, atLeast: Int = 0) -> [AMFProperties.Element] {
    (0..<small() + atLeast).map { _ in
      let key = ["", "x"].randomElement(using: &generator) == "x" ? "k" + text() : "name"
      return .init(key: key, value: value(depth: depth + 1))
    }
  }

  private mutating func values(depth: Int) -> [AMFValue] { (0..<small()).map { _ in value(depth: depth + 1) } }

  private mutating func numbers() -> AMFValue {
    let isFixed = Bool.random(using: &generator)
    switch Int.random(in: 0..<3, using: &generator) {
    case 0:
      return .vector(
        AMFVector(.int((0..<small()).map { _ in Int32.random(in: .min ... .max, using: &generator) }), isFixed: isFixed)
      )
    case 1:
      return .vector(
        AMFVector(.uint((0..<small()).map { _ in .random(in: 0 ... .max, using: &generator) }), isFixed: isFixed))
    default: return .vector(AMFVector(.double((0..<small()).map { Double($0) / 3 }), isFixed: isFixed))
    }
  }

  private mutating func small() -> Int { Int.random(in: 0...3, using: &generator) }

  private mutating func integer() -> Int32 {
    let bits = Int.random(in: 1...28, using: &generator)
    return Int32.random(in: -(1 << bits)..<(1 << bits), using: &generator)
  }

  private mutating func number() -> Double {
    [0, 1.5, -1e300, .infinity, 1_700_000_000_000, .leastNonzeroMagnitude].randomElement(using: &generator) ?? 0
  }

  private mutating func text() -> String {
    ["", "a", "live", "żółć", "e\u{301}", "é", "🎥", String(repeating: "x", count: 200)]
      .randomElement(using: &generator) ?? ""
  }
}
