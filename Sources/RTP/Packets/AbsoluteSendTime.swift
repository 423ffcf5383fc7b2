/// When a packet left, in seconds modulo 64 as a 6.18 fixed-point number: the `abs-send-time` header extension.
public struct AbsoluteSendTime: Sendable, Hashable {
  /// The 24 bits on the wire.
  public let rawValue: UInt32

  /// - Parameter rawValue: Only the low 24 bits count.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue & 0xFF_FFFF
  }

  /// The middle of the 64-bit NTP time: 6 bits of its seconds and 18 of its fraction.
  public init(_ time: NTPTime) {
    self.init(rawValue: UInt32(truncatingIfNeeded: time.rawValue >> 14))
  }
}
