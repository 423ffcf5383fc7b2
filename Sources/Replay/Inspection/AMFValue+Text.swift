import AMF

extension AMFValue {
  /// The value on one line, as a script would write it; long texts and large values are shortened.
  var plainText: String { text(depth: 0) }

  private func text(depth: Int) -> String {
    guard depth < Self.deepest else { return "..." }
    switch self {
    case .undefined: return "undefined"
    case .null: return "null"
    case .unsupported: return "unsupported"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .number(let value): return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    case .string(let text), .xmlDocument(let text), .xml(let text): return Self.quoted(text)
    case .date(let date): return "Date(\(date))"
    case .byteArray(let bytes): return "ByteArray(\(bytes.readableBytes))"
    case .array(let elements): return "[\(Self.list(elements.map { $0.text(depth: depth + 1) }))]"
    case .object, .ecmaArray:
      let properties = objectValue?.properties ?? AMFProperties()
      return "{\(Self.list(properties.map { "\($0.key): \($0.value.text(depth: depth + 1))" }))}"
    case .vector: return "Vector"
    case .dictionary: return "Dictionary"
    case .externalizable(let object): return object.className
    case .reference(let number): return "#\(number)"
    }
  }

  private static func list(_ parts: [String]) -> String {
    parts.prefix(longestList).joined(separator: ", ") + (parts.count > longestList ? ", ..." : "")
  }

  private static func quoted(_ text: String) -> String {
    let shown = text.count > longestText ? text.prefix(longestText) + "..." : text[...]
    let escaped = shown.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7F ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return "\"\(escaped.joined())\""
  }

  private static let deepest = 6
  private static let longestList = 32
  private static let longestText = 256
}
