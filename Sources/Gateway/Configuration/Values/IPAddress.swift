import Glibc

/// An IPv4 or IPv6 address. An IPv4 address inside an IPv6 one is taken as IPv4.
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes in network order.
  let bytes: [UInt8]

  static let loopback = IPAddress(bytes: [127, 0, 0, 1])

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads dotted or colon notation, without brackets, port or zone; nil if it is neither.
  init?(_ text: String) {
    if let four = Self.parse(text, family: AF_INET, length: 4) {
      self.init(bytes: four)
    } else if let sixteen = Self.parse(text, family: AF_INET6, length: 16) {
      let mapped = Array(repeating: UInt8(0), count: 10) + [0xFF, 0xFF]
      self.init(bytes: sixteen.starts(with: mapped) ? Array(sixteen.suffix(4)) : sixteen)
    } else {
      return nil
    }
  }

  var isIPv6: Bool { bytes.count == 16 }
  var isWildcard: Bool { bytes.allSatisfy { $0 == 0 } }
  var isLoopback: Bool {
    isIPv6 ? bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 } : bytes.first == 127
  }
  var isMulticast: Bool { isIPv6 ? bytes.first == 0xFF : bytes.first.map { (224...239).contains($0) } ?? false }

  /// The customary text: shortest IPv6 notation, no brackets.
  var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = bytes.withUnsafeBytes {
      inet_ntop(isIPv6 ? AF_INET6 : AF_INET, $0.baseAddress, &text, socklen_t(text.count))
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func parse(_ text: String, family: Int32, length: Int) -> [UInt8]? {
    // A NUL would end the C string early and hide what follows it.
    guard !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}
