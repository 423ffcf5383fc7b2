/// The grammar of the field Forwarded (RFC 7239, section 4): elements with commas, each of pairs `name=value` with
/// semicolons; a value is a token or a quoted string.
enum ForwardedField {
  /// The `for` value of each element, quotes and escapes taken away. Strict: what two readers could understand in two
  /// ways is refused.
  static func elements(of line: String) throws(ForwardedError) -> [Substring] {
    var reader = Reader(rest: line.utf8[...])
    var found: [Substring] = []
    repeat {
      reader.skipSpace()
      // Lists may have empty elements (RFC 9110, section 5.6.1).
      if reader.isAtEnd || reader.peek == comma { continue }
      guard let client = try element(&reader) else { throw .hop(.forwarded) }
      found.append(client)
    } while try reader.skip(comma)
    return found
  }

  /// `_` and these name a hop without telling it (section 6.3).
  static func isObfuscated(_ byte: UInt8) -> Bool {
    isToken(byte) && ![0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x5E, 0x60, 0x7C, 0x7E].contains(byte)
  }

  /// One element; the value of its `for`, which may stand there once at most.
  private static func element(_ reader: inout Reader) throws(ForwardedError) -> Substring? {
    var names: [String] = []
    var client: Substring?
    while true {
      let name = reader.token().lowercased()
      guard !name.isEmpty, !names.contains(name), names.count < 16, reader.take(0x3D) else { throw .syntax }
      names.append(name)
      let value = try reader.value()
      if name == "for" { client = value }
      reader.skipSpace()
      guard reader.take(0x3B) else { return client }
      reader.skipSpace()
    }
  }

  private static let comma: UInt8 = 0x2C

  /// A byte of a token (RFC 9110, section 5.6.2).
  fileprivate static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
  }

  private struct Reader {
    var rest: Substring.UTF8View

    var isAtEnd: Bool { rest.isEmpty }
    var peek: UInt8? { rest.first }

    mutating func skipSpace() {
      rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
      guard rest.first == byte else { return false }
      rest.removeFirst()
      return true
    }

    /// A separator or the end; anything else breaks the grammar.
    mutating func skip(_ separator: UInt8) throws(ForwardedError) -> Bool {
      skipSpace()
      if isAtEnd { return false }
      guard take(separator) else { throw .syntax }
      return true
    }

    mutating func token() -> Substring {
      let token = rest.prefix { ForwardedField.isToken($0) }
      rest = rest[token.endIndex...]
      return Substring(token)
    }

    mutating func value() throws(ForwardedError) -> Substring {
      guard take(0x22) else {
        let token = token()
        guard !token.isEmpty else { throw .syntax }
        return token
      }
      var bytes: [UInt8] = []
      while let byte = rest.popFirst() {
        switch byte {
        case 0x22: return Substring(String(decoding: bytes, as: UTF8.self))
        case 0x5C:
          guard let escaped = rest.popFirst() else { throw .syntax }
          bytes.append(escaped)
        default: bytes.append(byte)
        }
      }
      throw .syntax
    }
  }
}
