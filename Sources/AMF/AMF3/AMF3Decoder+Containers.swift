import NIOCore

extension AMF3Decoder {
  /// Section 3.11: names and their values up to an empty name, then the dense elements.
  mutating func readArray(_ buffer: inout ByteBuffer, count: Int, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    let properties = try readDynamicProperties(&buffer, depth: depth + 1)
    let dense = try readValues(&buffer, count: count, depth: depth + 1)
    let value: AMFValue =
      properties.isEmpty ? .array(dense) : .ecmaArray(AMFAssociativeArray(AMFProperties(properties), dense: dense))
    return close(opened, index, as: value)
  }

  /// Section 3.12. The lowest bits of the header: 01 refers to traits, 111 is externalizable, 011 brings traits.
  mutating func readObject(_ buffer: inout ByteBuffer, header: UInt32, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    switch try readTraits(&buffer, header: header) {
    case .externalizable(let className):
      guard AMFExternalizable.singleValueClasses.contains(className) else {
        throw .unknownExternalizable(className: className)
      }
      let body = try readValue(&buffer, depth: depth + 1)
      return close(opened, index, as: .externalizable(AMFExternalizable(className: className, value: body)))
    case .members(let className, let names, let isDynamic):
      try buffer.checkRoom(for: names.count)
      var sealed: [AMFProperties.Element] = []
      sealed.reserveCapacity(min(names.count, AMFLimits.reservedAtOnce))
      for name in names {
        try budget.take(elements: 1)
        try budget.take(bytes: name.utf8.count)
        sealed.append(.init(key: name, value: try readValue(&buffer, depth: depth + 1)))
      }
      let dynamic = isDynamic ? try readDynamicProperties(&buffer, depth: depth + 1) : []
      let object = AMFObject(
        className: className.isEmpty ? nil : className, sealed: AMFProperties(sealed),
        dynamic: AMFProperties(dynamic), isDynamic: isDynamic)
      return close(opened, index, as: .object(object))
    }
  }

  private mutating func readTraits(_ buffer: inout ByteBuffer, header: UInt32) throws(AMFError) -> AMF3Traits {
    if header & 0b10 == 0 {
      let index = Int(header >> 2)
      guard index < traits.count else {
        throw .referenceOutOfRange(.traits, index: index, count: traits.count)
      }
      return traits[index]
    }
    let className = try readText(&buffer)
    let found: AMF3Traits
    if header & 0b100 != 0 {
      found = .externalizable(className: className)
    } else {
      let count = Int(header >> 4)
      try buffer.checkRoom(for: count)
      try budget.take(elements: count)
      var names: [String] = []
      names.reserveCapacity(count)
      for _ in 0..<count { names.append(try readText(&buffer)) }
      found = .members(className: className, sealed: names, isDynamic: header & 0b1000 != 0)
    }
    traits.append(found)
    return found
  }

  /// Section 3.15: a flag for fixed length, then numbers of equal size.
  mutating func readVector(
    _ marker: AMF3Marker, _ buffer: inout ByteBuffer, count: Int
  ) throws(AMFError) -> AMFValue {
    let isFixed = try buffer.readAMFInteger(as: UInt8.self) != 0
    try buffer.checkRoom(for: count, of: marker == .vectorDouble ? 8 : 4)
    try budget.take(elements: count)
    let elements: AMFVector.Elements
    switch marker {
    case .vectorInt: elements = .int(try Self.readNumbers(&buffer, count: count))
    case .vectorUInt: elements = .uint(try Self.readNumbers(&buffer, count: count))
    default:
      let patterns: [UInt64] = try Self.readNumbers(&buffer, count: count)
      elements = .double(patterns.map { Double(bitPattern: $0) })
    }
    return leaf(.vector(AMFVector(elements, isFixed: isFixed)), elements: count)
  }

  mutating func readObjectVector(_ buffer: inout ByteBuffer, count: Int, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    let isFixed = try buffer.readAMFInteger(as: UInt8.self) != 0
    let typeName = try readText(&buffer)
    let values = try readValues(&buffer, count: count, depth: depth + 1)
    let vector = AMFVector(.object(typeName: typeName, values), isFixed: isFixed)
    return close(opened, index, as: .vector(vector))
  }

  /// Section 3.16: a flag for weak keys, then keys and values in turn.
  mutating func readDictionary(_ buffer: inout ByteBuffer, count: Int, depth: Int) throws(AMFError) -> AMFValue {
    let (opened, index) = try open(depth: depth)
    let hasWeakKeys = try buffer.readAMFInteger(as: UInt8.self) != 0
    try buffer.checkRoom(for: count, of: 2)
    try budget.check(elements: count)
    var elements: [AMFDictionary.Element] = []
    elements.reserveCapacity(min(count, AMFLimits.reservedAtOnce))
    for _ in 0..<count {
      let key = try readValue(&buffer, depth: depth + 1)
      elements.append(.init(key: key, value: try readValue(&buffer, depth: depth + 1)))
    }
    return close(opened, index, as: .dictionary(AMFDictionary(elements, hasWeakKeys: hasWeakKeys)))
  }

  private mutating func readDynamicProperties(
    _ buffer: inout ByteBuffer, depth: Int
  ) throws(AMFError) -> [AMFProperties.Element] {
    var elements: [AMFProperties.Element] = []
    while true {
      let key = try readText(&buffer)
      if key.isEmpty { return elements }
      try budget.take(elements: 1)
      elements.append(.init(key: key, value: try readValue(&buffer, depth: depth)))
    }
  }

  private mutating func readValues(
    _ buffer: inout ByteBuffer, count: Int, depth: Int
  ) throws(AMFError) -> [AMFValue] {
    try buffer.checkRoom(for: count)
    try budget.check(elements: count)
    var values: [AMFValue] = []
    values.reserveCapacity(min(count, AMFLimits.reservedAtOnce))
    for _ in 0..<count { values.append(try readValue(&buffer, depth: depth)) }
    return values
  }

  private static func readNumbers<T: FixedWidthInteger>(
    _ buffer: inout ByteBuffer, count: Int
  ) throws(AMFError) -> [T] {
    var numbers: [T] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append(try buffer.readAMFInteger(as: T.self)) }
    return numbers
  }
}
