/// The first byte of an answer: how long a client may wait before it polls again.
///
/// It starts at 1, and returns there whenever something was said in either direction. Each ten polls in a row that
/// brought nothing make it longer: 3, 5, 9, 17, 33 and no further (J. Bauch, RTMPT, 2006; Red5 and its clients do the
/// same). A unit is some 16 ms.
struct PollingDelay: Sendable {
  private var step = 0
  private var emptyPolls = 0

  private static let bytes: [UInt8] = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21]
  private static let pollsPerStep = 10

  /// As it stands in the answer.
  var byte: UInt8 { Self.bytes[step] }

  /// A poll was answered with nothing.
  mutating func foundNothing() {
    emptyPolls += 1
    guard emptyPolls >= Self.pollsPerStep, step < Self.bytes.count - 1 else { return }
    emptyPolls = 0
    step += 1
  }

  /// Something was said.
  mutating func foundTraffic() { self = PollingDelay() }
}
