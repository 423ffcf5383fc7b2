import COpenSSL
import NIOCore

/// A certificate's digest as a description carries it (RFC 8122 section 5).
public struct Fingerprint: Hashable, Sendable {
  /// `sha-256` and the like, lower case.
  public var algorithm: String
  /// The digest's bytes.
  public var digest: [UInt8]

  /// A fingerprint; the algorithm's name is lowered.
  public init(algorithm: String, digest: [UInt8]) {
    self.algorithm = algorithm.lowercased()
    self.digest = digest
  }

  /// The value after `a=fingerprint:`, nil if it does not follow the grammar.
  init?(line: Substring) {
    let words = line.words()
    guard words.count == 2 else { return nil }
    var digest: [UInt8] = []
    for pair in words[1].utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard pair.count == 2, let byte = UInt8(Substring(pair), radix: 16) else { return nil }
      digest.append(byte)
    }
    self.init(algorithm: String(words[0]), digest: digest)
  }

  /// The value after `a=fingerprint:`.
  var line: String { "\(self.algorithm) \(Self.hex(self.digest))" }

  /// Algorithms that we verify. SHA-1 and MD5 are no proof any more.
  static let accepted = ["sha-256", "sha-384", "sha-512"]

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      if !text.isEmpty { text.append(UInt8(ascii: ":")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest of a certificate; nil for an algorithm outside `accepted`.
  static func of(certificate: OpaquePointer, algorithm: String) -> Fingerprint? {
    let digestType: OpaquePointer?
    switch algorithm {
    case "sha-256": digestType = EVP_sha256()
    case "sha-384": digestType = EVP_sha384()
    case "sha-512": digestType = EVP_sha512()
    default: return nil
    }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard X509_digest(certificate, digestType, &digest, &length) == 1 else { return nil }
    return Fingerprint(algorithm: algorithm, digest: Array(digest.prefix(Int(length))))
  }
}
