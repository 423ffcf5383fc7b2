import NIOCore

/// Writes the AMF0 values of one message.
///
/// Every container is written out where it stands; only ``AMFValue/reference(_:)`` becomes a reference.
///
/// Source: Adobe AMF 0 (2007).
public struct AMF0Encoder: Sendable {
  private let maximumDepth: Int
  private let allowsAMF3: Bool
  private var containers = EncodedContainers()
  private var objectCount = 0
  private var amf3: AMF3Encoder?

  /// An encoder for one message.
  ///
  /// - Parameters:
  ///   - allowsAMF3: Whether the peer understands marker 0x11 (it asked for objectEncoding 3). Only what AMF0 cannot
  ///     express is then written as AMF3.
  ///   - maximumDepth: Containers inside each other, the outermost included.
  public init(allowsAMF3: Bool = false, maximumDepth: Int = AMFLimits.default.maximumDepth) {
    self.allowsAMF3 = allowsAMF3
    self.maximumDepth = maximumDepth
  }

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

  /// Appends a value as AMF3 behind marker 0x11, as the arguments of AMF3 commands are sent.
  public mutating func encodeAsAMF3(_ value: AMFValue, into buffer: inout ByteBuffer) throws(AMFError) {
    let start = buffer.writerIndex
    do throws(AMFError) {
      try writeAMF3(value, into: &buffer, depth: 0)
    } catch {
      buffer.moveWriterIndex(to: start)
      throw error
    }
  }

  private mutating func write(_ value: AMFValue, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    switch value {
    case .undefined: buffer.writeMarker(.undefined)
    case .null: buffer.writeMarker(.null)
    case .unsupported: buffer.writeMarker(.unsupported)
    case .boolean(let boolean):
      buffer.writeMarker(.boolean)
      buffer.writeInteger(boolean ? 1 : 0, as: UInt8.self)
    case .integer(let integer): writeNumber(Double(integer), into: &buffer)
    case .number(let number): writeNumber(number, into: &buffer)
    case .string(let text): try writeString(text, into: &buffer)
    case .date(let date):
      buffer.writeMarker(.date)
      buffer.writeInteger(date.milliseconds.bitPattern)
      buffer.writeInteger(date.timeZone)
    case .xmlDocument(let text), .xml(let text):
      buffer.writeMarker(.xmlDocument)
      try writeLongText(text, into: &buffer)
    case .array(let elements): try writeStrictArray(elements, into: &buffer, depth: depth)
    case .ecmaArray(let array):
      try open(depth: depth)
      buffer.writeMarker(.ecmaArray)
      let properties = array.allProperties
      buffer.writeInteger(UInt32(truncatingIfNeeded: properties.count))
      try writeProperties(properties, into: &buffer, depth: depth + 1)
    case .object(let object): try writeObject(object, into: &buffer, depth: depth)
    case .reference(let number):
      guard case .amf0(let index) = containers[number], let short = UInt16(exactly: index) else {
        throw .notRepresentable(.amf0, .reference(number))
      }
      buffer.writeMarker(.reference)
      buffer.writeInteger(short)
    case .byteArray, .vector, .dictionary, .externalizable:
      guard allowsAMF3 else { throw .notRepresentable(.amf0, .typeOfAMF3) }
      try writeAMF3(value, into: &buffer, depth: depth)
    }
  }

  private func writeNumber(_ number: Double, into buffer: inout ByteBuffer) {
    buffer.writeMarker(.number)
    buffer.writeInteger(number.bitPattern)
  }

  private func writeString(_ text: String, into buffer: inout ByteBuffer) throws(AMFError) {
    if text.utf8.count <= Int(UInt16.max) {
      buffer.writeMarker(.string)
      try writeShortText(text, into: &buffer)
    } else {
      buffer.writeMarker(.longString)
      try writeLongText(text, into: &buffer)
    }
  }

  private mutating func writeStrictArray(
    _ elements: [AMFValue], into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    try open(depth: depth)
    guard let count = UInt32(exactly: elements.count) else {
      throw .notRepresentable(.amf0, .length(elements.count))
    }
    buffer.writeMarker(.strictArray)
    buffer.writeInteger(count)
    for element in elements { try write(element, into: &buffer, depth: depth + 1) }
  }

  private mutating func writeObject(
    _ object: AMFObject, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    try open(depth: depth)
    if let className = object.className {
      buffer.writeMarker(.typedObject)
      try writeShortText(className, into: &buffer)
    } else {
      buffer.writeMarker(.object)
    }
    try writeProperties(object.properties, into: &buffer, depth: depth + 1)
  }

  private mutating func writeProperties(
    _ properties: AMFProperties, into buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) {
    for property in properties {
      try writeShortText(property.key, into: &buffer)
      try write(property.value, into: &buffer, depth: depth)
    }
    buffer.writeInteger(0, as: UInt16.self)
    buffer.writeMarker(.objectEnd)
  }

  private mutating func writeAMF3(_ value: AMFValue, into buffer: inout ByteBuffer, depth: Int) throws(AMFError) {
    buffer.writeMarker(.switchToAMF3)
    var encoder = amf3 ?? AMF3Encoder(maximumDepth: maximumDepth)
    amf3 = nil
    encoder.containers = containers
    try encoder.write(value, into: &buffer, depth: depth)
    containers = encoder.containers
    amf3 = encoder
  }

  private func writeShortText(_ text: String, into buffer: inout ByteBuffer) throws(AMFError) {
    guard let length = UInt16(exactly: text.utf8.count) else {
      throw .notRepresentable(.amf0, .length(text.utf8.count))
    }
    buffer.writeInteger(length)
    buffer.writeString(text)
  }

  private func writeLongText(_ text: String, into buffer: inout ByteBuffer) throws(AMFError) {
    guard let length = UInt32(exactly: text.utf8.count) else {
      throw .notRepresentable(.amf0, .length(text.utf8.count))
    }
    buffer.writeInteger(length)
    buffer.writeString(text)
  }

  private mutating func open(depth: Int) throws(AMFError) {
    guard depth < maximumDepth else { throw .tooDeep(limit: maximumDepth) }
    containers.append(.amf0(objectCount))
    objectCount += 1
  }
}

extension ByteBuffer {
  fileprivate mutating func writeMarker(_ marker: AMF0Marker) { writeInteger(marker.rawValue) }
}
