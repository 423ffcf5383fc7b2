import NIOCore

/// Reads the AMF3 values of one message, with one set of reference tables and limits for all of them.
///
/// Source: Adobe AMF 3 (2013).
public struct AMF3Decoder: Sendable {
  var budget: DecodingBudget
  private var strings: [String] = []
  var objects: [ObjectEntry] = []
  var traits: [AMF3Traits] = []

  /// A decoder for one message.
  public init(limits: AMFLimits = .default) { budget = DecodingBudget(limits: limits) }

  /// The next value, taken from the front of the buffer.
  ///
  /// On an error the buffer is as before and the decoder is of no further use: its tables may be half filled.
  public mutating func decode(_ buffer: inout ByteBuffer) throws(AMFError) -> AMFValue {
    var rest = buffer
    let value = try readValue(&rest, depth: 0)
    buffer = rest
    return value
  }

  mutating func readValue(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    try budget.take(elements: 1)
    let byte = try buffer.readAMFInteger(as: UInt8.self)
    guard let marker = AMF3Marker(rawValue: byte) else { throw .unknownMarker(.amf3, byte) }
    switch marker {
    case .undefined: return .undefined
    case .null: return .null
    case .false: return .boolean(false)
    case .true: return .boolean(true)
    case .integer: return .integer(Self.signed(try buffer.readU29()))
    case .double: return .number(try buffer.readAMFDouble())
    case .string: return .string(try readText(&buffer))
    default: return try readReferable(marker, &buffer, depth: depth)
    }
  }

  /// A value with a place in the table of objects, or a reference to one: both start with a number whose lowest bit
  /// says which.
  private mutating func readReferable(
    _ marker: AMF3Marker, _ buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) -> AMFValue {
    let header = try buffer.readU29()
    guard header & 1 == 1 else { return try resolve(Int(header >> 1), depth: depth) }
    let length = Int(header >> 1)
    switch marker {
    case .xmlDocument: return leaf(.xmlDocument(try readLongText(&buffer, length: length)), bytes: length)
    case .xml: return leaf(.xml(try readLongText(&buffer, length: length)), bytes: length)
    case .byteArray:
      try budget.take(bytes: length)
      guard let bytes = buffer.readSlice(length: length) else {
        throw .truncated(needed: length, available: buffer.readableBytes)
      }
      return leaf(.byteArray(bytes), bytes: length)
    case .date: return leaf(.date(AMFDate(milliseconds: try buffer.readAMFDouble())))
    case .array: return try readArray(&buffer, count: length, depth: depth)
    case .vectorInt, .vectorUInt, .vectorDouble: return try readVector(marker, &buffer, count: length)
    case .vectorObject: return try readObjectVector(&buffer, count: length, depth: depth)
    case .dictionary: return try readDictionary(&buffer, count: length, depth: depth)
    default: return try readObject(&buffer, header: header, depth: depth)
    }
  }

  private mutating func resolve(_ index: Int, depth: Int) throws(AMFError) -> AMFValue {
    guard index < objects.count else {
      throw .referenceOutOfRange(.objects, index: index, count: objects.count)
    }
    switch objects[index] {
    case .open(let number), .cycle(let number):
      objects[index] = .cycle(number: number)
      return .reference(number)
    case .finished(let value, let weight):
      try budget.repeatValue(of: weight, depth: depth)
      return value
    }
  }

  /// Text that may refer to earlier text (section 1.3.2). Empty text is never put in the table.
  mutating func readText(_ buffer: inout ByteBuffer) throws(AMFError) -> String {
    let header = try buffer.readU29()
    let number = Int(header >> 1)
    if header & 1 == 0 {
      guard number < strings.count else {
        throw .referenceOutOfRange(.strings, index: number, count: strings.count)
      }
      try budget.take(bytes: strings[number].utf8.count)
      return strings[number]
    }
    let text = try readLongText(&buffer, length: number)
    if number > 0 { strings.append(text) }
    return text
  }

  private mutating func readLongText(_ buffer: inout ByteBuffer, length: Int) throws(AMFError) -> String {
    try budget.take(bytes: length)
    return try buffer.readAMFText(length: length)
  }

  /// Puts a value that contains no others into the table.
  mutating func leaf(_ value: AMFValue, elements: Int = 0, bytes: Int = 0) -> AMFValue {
    objects.append(.finished(value, Weight(elements: elements, bytes: bytes)))
    return value
  }

  mutating func open(depth: Int) throws(AMFError) -> (OpenContainer, index: Int) {
    let opened = try budget.open(depth: depth)
    objects.append(.open(number: opened.number))
    return (opened, objects.count - 1)
  }

  mutating func close(_ opened: OpenContainer, _ index: Int, as value: AMFValue) -> AMFValue {
    let weight = budget.close(opened)
    if case .open = objects[index] { objects[index] = .finished(value, weight) }
    return value
  }

  /// A 29-bit number as a signed one (section 3.6).
  private static func signed(_ number: UInt32) -> Int32 {
    Int32(bitPattern: number << 3) >> 3
  }
}

extension ByteBuffer {
  /// A number of 29 bits in 1 to 4 bytes (section 1.3.1); the fourth byte gives all its 8 bits.
  fileprivate mutating func readU29() throws(AMFError) -> UInt32 {
    var number: UInt32 = 0
    for _ in 0..<3 {
      let byte = try readAMFInteger(as: UInt8.self)
      number = number << 7 | UInt32(byte & 0x7F)
      if byte < 0x80 { return number }
    }
    return number << 8 | UInt32(try readAMFInteger(as: UInt8.self))
  }
}
