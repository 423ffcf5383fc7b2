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
  public init?(_ text: String) {
    guard text.utf8.count == 32 else { return nil }
    var (high, low): (UInt64, UInt64) = (0, 0)
    for digit in text.utf8 {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      high = high << 4 | low >> 60
      low = low << 4 | UInt64(value)
    }
    self.high = high
    self.low = low
  }

  /// 32 hexadecimal digits.
  public var description: String { Self.digits(of: high) + Self.digits(of: low) }

  private static func digits(of word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
