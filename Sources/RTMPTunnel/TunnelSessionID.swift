/// The name of a tunnel session in its requests' targets: 128 random bits, since whoever knows it speaks for the client.
public struct TunnelSessionID: Sendable, Hashable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  /// A fresh one. The generator must be one for secrets.
  public init(random: inout some RandomNumberGenerator) {
    high = random.next()
    low = random.next()
  }

  /// Reads one: 32 hexadecimal digits in lower case. Nil for anything else.
  public init?(_ text: some StringProtocol) {
    let digits = text.utf8
    guard digits.count == 32 else { return nil }
    var words: [UInt64] = [0, 0]
    for (index, digit) in digits.enumerated() {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      words[index / 16] = words[index / 16] << 4 | UInt64(value)
    }
    high = words[0]
    low = words[1]
  }

  /// 32 hexadecimal digits.
  public var description: String { Self.digits(of: high) + Self.digits(of: low) }

  private static func digits(of word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
