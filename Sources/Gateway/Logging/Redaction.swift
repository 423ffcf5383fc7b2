/// Takes secrets out of texts that are about to be logged.
///
/// Access keys travel in the query of RTMP addresses and stream names (`alice?key=...`), in the fragment of page
/// addresses, and in `Authorization` fields. The last line of defence: whoever logs leaves them out to begin with.
public enum Redaction {
  /// Names whose values are secrets, in lower case.
  private static let names: Set<String> = [
    "key", "access_key", "accesskey", "token", "access_token", "password", "passwd", "pwd", "secret", "credential",
    "signature", "auth", "authorization",
  ]
  private static let replacement = "***".unicodeScalars

  /// The text with the value behind each `key=` (and its like) replaced by `***`, and what follows `Bearer` or `Basic`.
  public static func redact(_ text: String) -> String {
    // Most texts have nothing to hide; these are not copied.
    guard text.utf8.contains(UInt8(ascii: "=")) || text.contains("earer ") || text.contains("asic ") else {
      return text
    }
    var result = String.UnicodeScalarView()
    var word = String.UnicodeScalarView()
    var hiding = false
    for scalar in text.unicodeScalars {
      if hiding {
        if !endsValue(scalar) { continue }
        hiding = false
      }
      result.append(scalar)
      if isWord(scalar) {
        word.append(scalar)
        continue
      }
      let name = String(word).lowercased()
      word = String.UnicodeScalarView()
      if (scalar == "=" && names.contains(name)) || (scalar == " " && (name == "bearer" || name == "basic")) {
        result.append(contentsOf: replacement)
        hiding = true
      }
    }
    return String(result)
  }

  /// Whether a field of this name holds a secret by itself.
  public static func isSecret(name: String) -> Bool { names.contains(name.lowercased()) }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar)
  }

  /// What cannot stand in the value of a query item unescaped, or ends a quoted text.
  private static func endsValue(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "&", ";", "#", "\"", "'", "<", ">", ",", ")", "]", "}": true
    default: scalar.properties.isWhitespace
    }
  }
}
