import COpenSSL
import NIOCore

/// Names in place of names: the same for the same within a recording, and telling nothing without its secret, which is
/// random and kept nowhere.
public struct Pseudonyms: Sendable {
  /// What a name is of.
  enum Kind: String, Sendable {
    case name
    case key
    case host
    case address
  }

  private let secret: [UInt8]

  /// - Parameter random: the secret's source; must be one for secrets.
  public init(random: inout some RandomNumberGenerator) {
    secret = (0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
  }

  /// `name-5f0e2c9a1b`.
  func pseudonym(of text: String, _ kind: Kind) -> String {
    "\(kind.rawValue)-" + digest(of: text, kind).prefix(5).map { Self.hexadecimal($0) }.joined()
  }

  /// An address of a private network in place of any other: of 10.0.0.0/8, or of fd00::/8.
  func address(for text: String) -> String {
    let digest = digest(of: text, .address)
    guard text.contains(":") else { return "10." + digest.prefix(3).map { "\($0)" }.joined(separator: ".") }
    let groups = stride(from: 0, to: 14, by: 2).map { Self.hexadecimal(digest[$0]) + Self.hexadecimal(digest[$0 + 1]) }
    return "fd00:" + groups.joined(separator: ":")
  }

  /// HMAC-SHA256 (RFC 2104) under the secret: 32 bytes.
  private func digest(of text: String, _ kind: Kind) -> [UInt8] {
    let message = Array("\(kind.rawValue)\0\(text)".utf8)
    var code = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    _ = HMAC(EVP_sha256(), secret, Int32(secret.count), message, message.count, &code, &length)
    return code
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
}
