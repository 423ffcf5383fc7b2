/// An access key as its owner holds it: a public part by which it is found, and a secret part of 160 random bits.
///
/// `k` and 10 characters, a dash, 32 characters; each character is 5 bits (RFC 4648 base 32, lower case). Nothing of it
/// needs escaping in a URL. The whole is shown once, to the one who asked for it, and stored nowhere.
public struct AccessKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The public part: names the key in lists, logs and the audit.
  public let id: String
  let secret: String

  /// A new key.
  public init(using random: inout some RandomNumberGenerator) {
    id = "k" + Self.characters(10, using: &random)
    secret = Self.characters(32, using: &random)
  }

  /// Reads a key; nil for a text that is none.
  public init?(_ text: String) {
    let bytes = text.utf8
    guard bytes.count == Self.length, bytes.first == UInt8(ascii: "k") else { return nil }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 11,
      parts.allSatisfy({ $0.utf8.dropFirst().allSatisfy(Self.alphabet.contains) }),
      parts[1].utf8.first.map(Self.alphabet.contains) == true
    else { return nil }
    id = String(parts[0])
    secret = String(parts[1])
  }

  /// The whole key, for the one who asked for it.
  public func reveal() -> String { "\(id)-\(secret)" }

  /// The public part alone.
  public var description: String { id }
  /// The public part alone.
  public var debugDescription: String { id }
  /// Nothing of the secret.
  public var customMirror: Mirror { Mirror(self, children: ["id": id]) }

  private static let length = 1 + 10 + 1 + 32
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  private static func characters(_ count: Int, using random: inout some RandomNumberGenerator) -> String {
    // 32 divides 256: the low bits of a random byte are as good as the whole.
    let bytes = (0..<count).map { _ in alphabet[Int(UInt8.random(in: .min ... .max, using: &random) & 31)] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
