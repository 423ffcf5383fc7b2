/// Why bytes are no AMF, go beyond the limits, or a value cannot be written.
public enum AMFError: Error, Equatable, Sendable {
  /// The two encodings.
  public enum Encoding: Sendable, Equatable {
    /// AMF 0.
    case amf0
    /// AMF 3.
    case amf3
  }

  /// AMF3's three reference tables; AMF0 has only that of objects.
  public enum Table: Sendable, Equatable {
    /// Strings.
    case strings
    /// Objects and arrays.
    case objects
    /// Traits.
    case traits
  }

  /// The bytes end inside a value.
  case truncated(needed: Int, available: Int)
  /// A byte that starts no value of this encoding (AMF 0 section 2.1, AMF 3 section 3.1).
  case unknownMarker(Encoding, UInt8)
  /// An object end marker where a value should be (AMF 0 section 2.11).
  case unexpectedObjectEnd
  /// A reference to something not yet sent.
  case referenceOutOfRange(Table, index: Int, count: Int)
  /// An AMF3 object whose class writes itself in a way not known here.
  case unknownExternalizable(className: String)
  /// More containers inside each other than allowed.
  case tooDeep(limit: Int)
  /// A string, name, XML text or byte array longer than allowed.
  case stringTooLong(length: Int, limit: Int)
  /// More values than allowed, references counted as what they stand for.
  case tooManyElements(limit: Int)
  /// More bytes of text than allowed, references counted as what they stand for.
  case tooManyBytes(limit: Int)
  /// A value for which this encoding has no form.
  case notRepresentable(Encoding, Unrepresentable)

  /// What could not be written.
  public enum Unrepresentable: Sendable, Equatable {
    /// Byte arrays, vectors, dictionaries and externalizables have no AMF0 form, and the switch to AMF3 is not allowed.
    case typeOfAMF3
    /// A property name of more than 65 535 bytes in AMF0, or a length of 2^28 or more in AMF3.
    case length(Int)
    /// An empty name ends the properties of an AMF3 object, so none can be written.
    case emptyName
    /// A reference to a container that was not yet begun in this message, or lies in the other encoding.
    case reference(Int)
  }
}

extension AMFError: CustomStringConvertible {
  /// One line for a log.
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      "AMF value cut off: \(needed) bytes needed, \(available) left"
    case .unknownMarker(let encoding, let marker):
      "\(encoding) has no type with marker \(marker)"
    case .unexpectedObjectEnd:
      "amf0 object end marker where a value should be"
    case .referenceOutOfRange(let table, let index, let count):
      "AMF reference to entry \(index) of \(table), which has \(count)"
    case .unknownExternalizable(let className):
      "amf3 externalizable class of unknown form: \(className.prefix(128))"
    case .tooDeep(let limit):
      "AMF value nested deeper than \(limit)"
    case .stringTooLong(let length, let limit):
      "AMF string of \(length) bytes, allowed are \(limit)"
    case .tooManyElements(let limit):
      "AMF message of more than \(limit) elements"
    case .tooManyBytes(let limit):
      "AMF message with more than \(limit) bytes of text"
    case .notRepresentable(let encoding, let what):
      "value cannot be written in \(encoding): \(what)"
    }
  }
}
