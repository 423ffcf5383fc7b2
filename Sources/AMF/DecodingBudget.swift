/// What a message has used of its limits so far, and the numbers of its containers.
struct DecodingBudget: Sendable {
  let limits: AMFLimits
  private(set) var elements = 0
  private(set) var bytes = 0
  /// Containers begun, counting those that a reference repeats: the number of the next one.
  private(set) var containers = 0
  /// The deepest level reached inside the container being read.
  private var deepest = 0

  init(limits: AMFLimits) { self.limits = limits }

  mutating func take(elements count: Int) throws(AMFError) {
    // Compared by subtraction: the count is the peer's and may be anything up to 2^32.
    try check(elements: count)
    elements += count
  }

  /// Refuses a count of elements that are still to come and cannot be within the limit.
  func check(elements count: Int) throws(AMFError) {
    guard count <= limits.maximumElements - elements else {
      throw .tooManyElements(limit: limits.maximumElements)
    }
  }

  /// Allows one string of this many bytes.
  mutating func take(bytes count: Int) throws(AMFError) {
    guard count <= limits.maximumStringLength else {
      throw .stringTooLong(length: count, limit: limits.maximumStringLength)
    }
    try takeTotal(bytes: count)
  }

  private mutating func takeTotal(bytes count: Int) throws(AMFError) {
    guard count <= limits.maximumTotalBytes - bytes else {
      throw .tooManyBytes(limit: limits.maximumTotalBytes)
    }
    bytes += count
  }

  /// Starts a container at a level (0 is outermost).
  mutating func open(depth: Int) throws(AMFError) -> OpenContainer {
    guard depth < limits.maximumDepth else { throw .tooDeep(limit: limits.maximumDepth) }
    let opened = OpenContainer(
      number: containers, depth: depth, elements: elements, bytes: bytes, deepestBefore: deepest)
    containers += 1
    deepest = depth
    return opened
  }

  /// Ends it and says what it amounts to.
  mutating func close(_ opened: OpenContainer) -> Weight {
    let height = deepest - opened.depth + 1
    deepest = max(deepest, opened.deepestBefore)
    return Weight(
      elements: elements - opened.elements, bytes: bytes - opened.bytes,
      containers: containers - opened.number, height: height)
  }

  /// Charges a copy of a finished value, placed at a level, for a reference to it.
  mutating func repeatValue(of weight: Weight, depth: Int) throws(AMFError) {
    guard depth + weight.height <= limits.maximumDepth else { throw .tooDeep(limit: limits.maximumDepth) }
    try take(elements: weight.elements)
    try takeTotal(bytes: weight.bytes)
    containers += weight.containers
    deepest = max(deepest, depth + weight.height - 1)
  }
}

/// The state of the budget when a container began.
struct OpenContainer: Sendable {
  /// Its number in the message, which ``AMFValue/reference(_:)`` names.
  let number: Int
  let depth: Int
  let elements: Int
  let bytes: Int
  let deepestBefore: Int
}

/// What a finished value amounts to when it is repeated.
struct Weight: Sendable {
  var elements = 0
  var bytes = 0
  var containers = 0
  /// Containers inside each other; 0 for a value that is none.
  var height = 0
}

/// An entry of a table of objects.
enum ObjectEntry: Sendable {
  /// Its value is being read, so that a reference to it is a cycle.
  case open(number: Int)
  /// It can be repeated.
  case finished(AMFValue, Weight)
  /// It contains itself, whether or not it has been read to its end: a copy would hold a reference to what it was copied
  /// from, and so be another value.
  case cycle(number: Int)
}
