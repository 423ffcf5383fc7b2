/// User name fragment and password of one side (RFC 8839 section 5.4).
public struct ICECredentials: Hashable, Sendable {
  /// 4 to 256 characters.
  public var ufrag: String
  /// 22 to 256 characters.
  public var password: String

  /// Credentials as a description says them.
  public init(ufrag: String, password: String) {
    self.ufrag = ufrag
    self.password = password
  }

  /// New ones: 72 bits of fragment, for it also finds the session on the shared port, and 144 bits of password.
  public init(using random: inout some RandomNumberGenerator) {
    self.init(
      ufrag: Self.characters(12, using: &random), password: Self.characters(24, using: &random))
  }

  /// The lengths and characters are legal.
  var isLegal: Bool {
    Self.isLegal(self.ufrag, 4...256) && Self.isLegal(self.password, 22...256)
  }

  private static func isLegal(_ text: String, _ lengths: ClosedRange<Int>) -> Bool {
    // The grammar has letters, digits, + and /; browsers of old also sent - and _, which does no harm.
    lengths.contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
  }

  private static func characters(_ count: Int, using random: inout some RandomNumberGenerator) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let bytes = (0..<count).map { _ in alphabet[Int(UInt8.random(in: 0...63, using: &random))] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
