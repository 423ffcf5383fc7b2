import NIOCore

/// Writes the AMF3 values of one message.
///
/// Strings and traits are referred to when they come again, as players do; containers are written out where they
/// stand, and only ``AMFValue/reference(_:)`` becomes a reference to one.
///
/// Source: Adobe AMF 3 (2013).
public struct AMF3Encoder: Sendable {
  private let maximumDepth: Int
  var containers = EncodedContainers()
  private var strings: [ExactText: UInt32] = [:]
  private var traits: [AMF3Traits.Exact: UInt32] = [:]
  private var objectCount = 0

  /// An encoder for one message. The depth counts containers inside each other, the outermost included.
  public init(maximumDepth: Int = AMFLimits.default.maximumDepth) { self.maximumDepth = maximumDepth }

  /// Appends a value. On an error the buffer is as before and the encoder is of no further use.
  public mutating func encode(_ value: AMFValue, into buffer: inout ByteBuffer) throws(AMFError) {
    let start = buffer.writerIndex
    do throws(AMFError) {
      try write(value, into: &buffer, depth: 0)
    } catch {
      buffer.moveWriterIndex(to: start)
      throw error
    }
  }

  mutating func write(_ value: AMFValue, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    switch value {
    case .undefined, .unsupported: buffer.writeMarker(.undefined)
    case .null: buffer.writeMarker(.null)
    case .boolean(let boolean): buffer.writeMarker(boolean ? .true : .false)
    case .integer(let integer): writeInteger(integer, into: &buffer)
    case .number(let number): writeDouble(number, into: &buffer)
    case .string(let text):
      buffer.writeMarker(.string)
      try writeText(text, into: &buffer)
    case .date(let date):
      beginLeaf(.date, into: &buffer)
      buffer.writeU29(1)
      buffer.writeInteger(date.milliseconds.bitPattern)
    case .xmlDocument(let text): try writeXML(.xmlDocument, text, into: &buffer)
    case .xml(let text): try writeXML(.xml, text, into: &buffer)
    case .byteArray(let bytes):
      beginLeaf(.byteArray, into: &buffer)
      try writeCount(bytes.readableBytes, into: &buffer)
      buffer.writeImmutableBuffer(bytes)
    case .array(let elements):
      try writeArray(AMFAssociativeArray([:], dense: elements), into: &buffer, depth: depth)
    case .ecmaArray(let array): try writeArray(array, into: &buffer, depth: depth)
    case .object(let object): try writeObject(object, into: &buffer, depth: depth)
    case .vector(let vector): try writeVector(vector, into: &buffer, depth: depth)
    case .dictionary(let dictionary): try writeDictionary(dictionary, into: &buffer, depth: depth)
    case .externalizable(let object): try writeExternalizable(object, into: &buffer, depth: depth)
    case .reference(let number):
      guard case .amf3(let index) = containers[number], index < 1 << 28 else {
        throw .notRepresentable(.amf3, .reference(number))
      }
      // Any marker of a type with references would do: the index alone says what is meant.
      buffer.writeMarker(.object)
      buffer.writeU29(UInt32(index) << 1)
    }
  }

  private func writeInteger(_ integer: Int32, into buffer: inout ByteBuffer) {
    guard (-(1 << 28)..<(1 << 28)).contains(integer) else {
      return writeDouble(Double(integer), into: &buffer)
    }
    buffer.writeMarker(.integer)
    buffer.writeU29(UInt32(bitPattern: integer) & 0x1FFF_FFFF)
  }

  private func writeDouble(_ number: Double, into buffer: inout ByteBuffer) {
    buffer.writeMarker(.double)
    buffer.writeInteger(number.bitPattern)
  }

  private mutating func writeXML(_ marker: AMF3Marker, _ text: String, into buffer: inout ByteBuffer) throws(AMFError) {
    beginLeaf(marker, into: &buffer)
    try writeCount(text.utf8.count, into: &buffer)
    buffer.writeString(text)
  }

  private mutating func writeArray(
    _ array: AMFAssociativeArray, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    try begin(.array, into: &buffer, depth: depth)
    try writeCount(array.dense.count, into: &buffer)
    try writeDynamic(array.properties[...], into: &buffer, depth: depth + 1)
    for element in array.dense { try write(element, into: &buffer, depth: depth + 1) }
  }

  private mutating func writeObject(_ object: AMFObject, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    try begin(.object, into: &buffer, depth: depth)
    let sealed = object.properties.prefix(object.sealedCount)
    try writeTraits(
      .members(className: object.className ?? "", sealed: sealed.map(\.key), isDynamic: object.isDynamic),
      into: &buffer)
    for property in sealed { try write(property.value, into: &buffer, depth: depth + 1) }
    guard object.isDynamic else { return }
    try writeDynamic(object.properties.dropFirst(object.sealedCount), into: &buffer, depth: depth + 1)
  }

  private mutating func writeExternalizable(
    _ object: AMFExternalizable, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    guard AMFExternalizable.singleValueClasses.contains(object.className) else {
      throw .unknownExternalizable(className: object.className)
    }
    try begin(.object, into: &buffer, depth: depth)
    try writeTraits(.externalizable(className: object.className), into: &buffer)
    try write(object.value, into: &buffer, depth: depth + 1)
  }

  private mutating func writeVector(_ vector: AMFVector, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    let isFixed: UInt8 = vector.isFixed ? 1 : 0
    switch vector.elements {
    case .int(let numbers):
      beginLeaf(.vectorInt, into: &buffer)
      try writeCount(numbers.count, into: &buffer)
      buffer.writeInteger(isFixed)
      for number in numbers { buffer.writeInteger(number) }
    case .uint(let numbers):
      beginLeaf(.vectorUInt, into: &buffer)
      try writeCount(numbers.count, into: &buffer)
      buffer.writeInteger(isFixed)
      for number in numbers { buffer.writeInteger(number) }
    case .double(let numbers):
      beginLeaf(.vectorDouble, into: &buffer)
      try writeCount(numbers.count, into: &buffer)
      buffer.writeInteger(isFixed)
      for number in numbers { buffer.writeInteger(number.bitPattern) }
    case .object(let typeName, let values):
      try begin(.vectorObject, into: &buffer, depth: depth)
      try writeCount(values.count, into: &buffer)
      buffer.writeInteger(isFixed)
      try writeText(typeName, into: &buffer)
      for value in values { try write(value, into: &buffer, depth: depth + 1) }
    }
  }

  private mutating func writeDictionary(
    _ dictionary: AMFDictionary, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    try begin(.dictionary, into: &buffer, depth: depth)
    try writeCount(dictionary.elements.count, into: &buffer)
    buffer.writeInteger(dictionary.hasWeakKeys ? 1 : 0, as: UInt8.self)
    for element in dictionary.elements {
      try write(element.key, into: &buffer, depth: depth + 1)
      try write(element.value, into: &buffer, depth: depth + 1)
    }
  }

  private mutating func writeDynamic(
    _ properties: AMFProperties.SubSequence, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    for property in properties {
      guard !property.key.isEmpty else { throw .notRepresentable(.amf3, .emptyName) }
      try writeText(property.key, into: &buffer)
      try write(property.value, into: &buffer, depth: depth)
    }
    buffer.writeU29(1)
  }

  private mutating func writeTraits(_ traits: AMF3Traits, into buffer: inout ByteBuffer) throws(AMFError) {
    let key = AMF3Traits.Exact(traits)
    // The header has 27 bits for the index; a table that long cannot come about, but then traits are sent again.
    if let index = self.traits[key], index < 1 << 27 {
      buffer.writeU29(index << 2 | 0b01)
      return
    }
    self.traits[key] = UInt32(truncatingIfNeeded: self.traits.count)
    switch traits {
    case .externalizable(let className):
      buffer.writeU29(0b0111)
      try writeText(className, into: &buffer)
    case .members(let className, let sealed, let isDynamic):
      guard sealed.count < 1 << 25 else { throw .notRepresentable(.amf3, .length(sealed.count)) }
      buffer.writeU29(UInt32(sealed.count) << 4 | (isDynamic ? 0b1011 : 0b0011))
      try writeText(className, into: &buffer)
      for name in sealed { try writeText(name, into: &buffer) }
    }
  }

  private mutating func writeText(_ text: String, into buffer: inout ByteBuffer) throws(AMFError) {
    guard !text.isEmpty else {
      buffer.writeU29(1)
      return
    }
    let key = ExactText(text)
    if let index = strings[key], index < 1 << 28 {
      buffer.writeU29(index << 1)
      return
    }
    strings[key] = UInt32(truncatingIfNeeded: strings.count)
    try writeCount(text.utf8.count, into: &buffer)
    buffer.writeString(text)
  }

  private func writeCount(_ count: Int, into buffer: inout ByteBuffer) throws(AMFError) {
    guard count < 1 << 28 else { throw .notRepresentable(.amf3, .length(count)) }
    buffer.writeU29(UInt32(count) << 1 | 1)
  }

  private mutating func begin(_ marker: AMF3Marker, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    guard depth < maximumDepth else { throw .tooDeep(limit: maximumDepth) }
    buffer.writeMarker(marker)
    containers.append(.amf3(objectCount))
    objectCount += 1
  }

  private mutating func beginLeaf(_ marker: AMF3Marker, into buffer: inout ByteBuffer) {
    buffer.writeMarker(marker)
    objectCount += 1
  }
}

extension ByteBuffer {
  fileprivate mutating func writeMarker(_ marker: AMF3Marker) { writeInteger(marker.rawValue) }

  /// A number below 2^29 in as few bytes as it needs (section 1.3.1).
  fileprivate mutating func writeU29(_ number: UInt32) {
    switch number {
    case 0..<0x80:
      writeInteger(UInt8(number))
    case 0x80..<0x4000:
      writeInteger(UInt16(number >> 7 | 0x80) << 8 | UInt16(number & 0x7F))
    case 0x4000..<0x20_0000:
      writeInteger(UInt8(number >> 14 | 0x80))
      writeInteger(UInt16(number >> 7 & 0x7F | 0x80) << 8 | UInt16(number & 0x7F))
    default:
      let top = number >> 22 & 0x7F | 0x80
      let second = number >> 15 & 0x7F | 0x80
      let third = number >> 8 & 0x7F | 0x80
      writeInteger(top << 24 | second << 16 | third << 8 | number & 0xFF)
    }
  }
}
