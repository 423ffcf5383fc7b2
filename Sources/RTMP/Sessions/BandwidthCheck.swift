import AMF
import NIOCore

/// The server's answer to `checkBandwidth`: sends the client a known amount by `onBWCheck`, times its answer, and tells
/// it the rate by `onBWDone`. Adobe's servers do it in several rounds; scripts only look at the rate.
struct BandwidthCheck: Sendable {
  private enum State: Sendable {
    case idle
    case measuring(since: NIODeadline)
  }

  private var state = State.idle

  /// No client numbers its own calls like this, and we make no other calls.
  private static let transaction = 1_000_001.0
  /// As Adobe's servers send (`DataSize`).
  private static let payloadLength = 16_384

  /// The call to make; nil while one is under way.
  mutating func start(at now: NIODeadline) -> Command? {
    guard case .idle = state else { return nil }
    state = .measuring(since: now)
    let payload = AMFValue.string(String(repeating: "0", count: Self.payloadLength))
    return Command("onBWCheck", transaction: Self.transaction, arguments: [payload])
  }

  /// The notice to send once the client answered; nil when this answers something else.
  mutating func finish(transaction: Double, at now: NIODeadline) -> Command? {
    guard transaction == Self.transaction, case .measuring(let since) = state else { return nil }
    state = .idle
    let milliseconds = max(1, (now - since).nanoseconds / 1_000_000)
    let kilobits = Double(Self.payloadLength * 8) / Double(milliseconds)
    // Rate in kb/s, bytes sent, time taken in s, latency in ms: what the client-side examples of Adobe read.
    return Command(
      "onBWDone",
      arguments: [
        .number(kilobits.rounded()), .number(Double(Self.payloadLength)), .number(Double(milliseconds) / 1000),
        .number(Double(milliseconds)),
      ])
  }
}
