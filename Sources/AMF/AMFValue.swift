import NIOCore

/// One ActionScript value, as AMF0 or AMF3 carries it.
///
/// Decoding never builds a class: a typed object stays a name and its properties. Values are trees; an object that the
/// wire refers to twice appears twice (sharing its storage), and only a reference to one that contains itself stays a
/// ``reference(_:)``.
///
/// Source: Adobe AMF 0 (2007) section 2, AMF 3 (2013) section 3.
public enum AMFValue: Sendable, Hashable {
  /// ActionScript `undefined`.
  case undefined
  /// ActionScript `null`.
  case null
  /// AMF0's marker for a value its sender could not serialise; carries nothing. Written as `undefined` in AMF3.
  case unsupported
  /// A Boolean.
  case boolean(Bool)
  /// An AMF3 integer. Only -2^28 ..< 2^28 fits the wire: others, and all in AMF0, are written as numbers.
  case integer(Int32)
  /// An IEEE 754 double.
  case number(Double)
  /// Text. Bytes that are no UTF-8 were replaced by U+FFFD.
  case string(String)
  /// A point in time.
  case date(AMFDate)
  /// A legacy `XMLDocument`, as text that nothing here parses.
  case xmlDocument(String)
  /// An E4X `XML` value, as text. AMF0 has only the document form.
  case xml(String)
  /// A `ByteArray`; AMF3 only.
  indirect case byteArray(ByteBuffer)
  /// A dense array.
  case array([AMFValue])
  /// An array that also has named elements.
  case ecmaArray(AMFAssociativeArray)
  /// An anonymous or typed object.
  indirect case object(AMFObject)
  /// A `Vector`; AMF3 only.
  indirect case vector(AMFVector)
  /// A `Dictionary`, whose keys are any values; AMF3 only.
  case dictionary(AMFDictionary)
  /// An object whose class writes itself; AMF3 only.
  indirect case externalizable(AMFExternalizable)
  /// A cycle: the value is the container with this number, which contains itself. It is still open where the first
  /// reference stands, and may have ended before others.
  ///
  /// Containers (arrays, objects, object vectors, dictionaries, externalizables) are numbered from 0 through a message
  /// in the order in which they begin, shared ones again at each place. The number means the same in AMF0 and AMF3;
  /// who adds or removes containers in front of it must count anew.
  case reference(Int)
}

extension AMFValue {
  /// The text of a string, else `nil`.
  public var stringValue: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value of a number or an integer, else `nil`.
  public var numberValue: Double? {
    switch self {
    case .number(let number): number
    case .integer(let integer): Double(integer)
    default: nil
    }
  }

  /// The value of a Boolean, else `nil`.
  public var booleanValue: Bool? {
    guard case .boolean(let boolean) = self else { return nil }
    return boolean
  }

  /// An object, or the named elements of an ECMA array as one (`onMetaData` comes as either), else `nil`.
  public var objectValue: AMFObject? {
    switch self {
    case .object(let object): object
    case .ecmaArray(let array): AMFObject(array.allProperties)
    default: nil
    }
  }

  /// The elements of a dense array or of the dense part of an ECMA array, else `nil`.
  public var arrayValue: [AMFValue]? {
    switch self {
    case .array(let elements): elements
    case .ecmaArray(let array): array.dense
    default: nil
    }
  }

  /// Whether this is `null` or `undefined`.
  public var isNullOrUndefined: Bool { self == .null || self == .undefined }
}

extension AMFValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// `nil` is ``null``.
  public init(nilLiteral: ()) { self = .null }

  /// A ``boolean(_:)``.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }

  /// A ``string(_:)``.
  public init(stringLiteral value: String) { self = .string(value) }

  /// A ``number(_:)``, for AMF0 knows no integers; write `.integer(1)` where AMF3's is wanted.
  public init(integerLiteral value: Int) { self = .number(Double(value)) }

  /// A ``number(_:)``.
  public init(floatLiteral value: Double) { self = .number(value) }

  /// A dense ``array(_:)``.
  public init(arrayLiteral elements: AMFValue...) { self = .array(elements) }

  /// An anonymous ``object(_:)``, in the order written.
  public init(dictionaryLiteral elements: (String, AMFValue)...) {
    self = .object(AMFObject(AMFProperties(elements.map { AMFProperties.Element(key: $0.0, value: $0.1) })))
  }
}
