/// The handshake as the specification has it (spec 5.2.3, 5.2.4): a time, zero, and random bytes that come back.
enum PlainHandshake {
  /// C1 or S1: time, four zero bytes, 1528 random ones.
  static func hello(time: UInt32, random: [UInt8]) -> [UInt8] {
    bigEndian(time) + [0, 0, 0, 0] + random.prefix(HandshakeLayout.length - 8)
  }

  /// S2 or C2: the peer's time, the time its hello was read, its random bytes.
  static func echo(of hello: [UInt8], receivedAt time: UInt32) -> [UInt8] {
    hello.prefix(4) + bigEndian(time) + hello.dropFirst(8)
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
