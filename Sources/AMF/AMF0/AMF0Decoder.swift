import NIOCore

/// Reads the AMF0 values of one message, with one table of references and one set of limits for all of them.
///
/// The AMF3 values that marker 0x11 announces share one set of AMF3 tables through the message, as Adobe's servers have
/// it.
///
/// Source: Adobe AMF 0 (2007).
public struct AMF0Decoder: Sendable {
  private var budget: DecodingBudget
  private var objects: [ObjectEntry] = []
  private var amf3: AMF3Decoder?

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

  private mutating func readValue(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    try budget.take(elements: 1)
    let byte = try buffer.readAMFInteger(as: UInt8.self)
    guard let marker = AMF0Marker(rawValue: byte) else { throw .unknownMarker(.amf0, byte) }
    switch marker {
    case .number: return .number(try buffer.readAMFDouble())
    case .boolean: return .boolean(try buffer.readAMFInteger(as: UInt8.self) != 0)
    case .string: return .string(try readShortText(&buffer))
    case .longString: return .string(try readLongText(&buffer))
    case .xmlDocument: return .xmlDocument(try readLongText(&buffer))
    case .null: return .null
    case .undefined: return .undefined
    case .unsupported: return .unsupported
    case .date:
      let milliseconds = try buffer.readAMFDouble()
      return .date(AMFDate(milliseconds: milliseconds, timeZone: try buffer.readAMFInteger(as: Int16.self)))
    case .reference: return try readReference(&buffer, depth: depth)
    case .strictArray: return try readStrictArray(&buffer, depth: depth)
    case .ecmaArray: return try readECMAArray(&buffer, depth: depth)
    case .object: return try readObject(&buffer, className: nil, depth: depth)
    case .typedObject:
      let className = try readShortText(&buffer)
      return try readObject(&buffer, className: className.isEmpty ? nil : className, depth: depth)
    case .switchToAMF3: return try readAMF3(&buffer, depth: depth)
    case .objectEnd: throw .unexpectedObjectEnd
    }
  }

  private mutating func readReference(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    let index = Int(try buffer.readAMFInteger(as: UInt16.self))
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

  private mutating func readStrictArray(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    let count = Int(try buffer.readAMFInteger(as: UInt32.self))
    try buffer.checkRoom(for: count)
    try budget.check(elements: count)
    var elements: [AMFValue] = []
    elements.reserveCapacity(min(count, AMFLimits.reservedAtOnce))
    for _ in 0..<count { elements.append(try readValue(&buffer, depth: depth + 1)) }
    return close(opened, index, as: .array(elements))
  }

  private mutating func readECMAArray(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    // The count is a hint that many writers get wrong; what ends the array is the end marker.
    let count = Int(try buffer.readAMFInteger(as: UInt32.self))
    let properties = try readProperties(&buffer, depth: depth + 1, countIfUnended: count)
    return close(opened, index, as: .ecmaArray(AMFAssociativeArray(properties)))
  }

  private mutating func readObject(
    _ buffer: inout ByteBuffer, className: String?, depth: Int
  ) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    let properties = try readProperties(&buffer, depth: depth + 1, countIfUnended: nil)
    return close(opened, index, as: .object(AMFObject(className: className, properties)))
  }

  /// Properties up to the end marker. Some writers leave an array's marker out at the end of a message: that is
  /// accepted where the bytes end after just as many properties as the array said it has.
  private mutating func readProperties(
    _ buffer: inout ByteBuffer, depth: Int, countIfUnended: Int?
  ) throws(AMFError) -> AMFProperties {
    var elements: [AMFProperties.Element] = []
    while true {
      if buffer.readableBytes == 0, elements.count == countIfUnended { break }
      let key = try readShortText(&buffer)
      if key.isEmpty, buffer.getInteger(at: buffer.readerIndex) == AMF0Marker.objectEnd.rawValue {
        buffer.moveReaderIndex(forwardBy: 1)
        break
      }
      try budget.take(elements: 1)
      elements.append(.init(key: key, value: try readValue(&buffer, depth: depth)))
    }
    return AMFProperties(elements)
  }

  private mutating func readAMF3(_ buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
    var decoder = amf3 ?? AMF3Decoder(limits: budget.limits)
    amf3 = nil
    decoder.budget = budget
    let value = try decoder.readValue(&buffer, depth: depth)
    budget = decoder.budget
    amf3 = decoder
    return value
  }

  private mutating func readShortText(_ buffer: inout ByteBuffer) throws(AMFError) -> String {
    let length = Int(try buffer.readAMFInteger(as: UInt16.self))
    try budget.take(bytes: length)
    return try buffer.readAMFText(length: length)
  }

  private mutating func readLongText(_ buffer: inout ByteBuffer) throws(AMFError) -> String {
    let length = Int(try buffer.readAMFInteger(as: UInt32.self))
    try budget.take(bytes: length)
    return try buffer.readAMFText(length: length)
  }

  private mutating func open(depth: Int) throws(AMFError) -> (OpenContainer, index: Int) {
    let opened = try budget.open(depth: depth)
    objects.append(.open(number: opened.number))
    return (opened, objects.count - 1)
  }

  private mutating func close(_ opened: OpenContainer, _ index: Int, as value: AMFValue) -> AMFValue {
    let weight = budget.close(opened)
    if case .open = objects[index] { objects[index] = .finished(value, weight) }
    return value
  }
}
