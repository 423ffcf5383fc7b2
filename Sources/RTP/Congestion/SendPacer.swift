import NIOCore

/// How long what was handed to a line would wait there, if the line were a little faster than its bound: the queue is
/// kept here, where what has grown old can still be thrown away.
public struct SendPacer: Sendable {
  private var free: NIODeadline

  /// An empty line.
  public init(at now: NIODeadline) { free = now }

  /// Notes bytes that are sent now on a line of that bound in bit/s.
  public mutating func send(_ bytes: Int, bitRate: Int, at now: NIODeadline) {
    let time = Int64(bytes) * 8_000_000_000 / Int64(max(bitRate * 5 / 4, 1))
    free = max(free, now) + .nanoseconds(time)
  }

  /// How long the line has work.
  public func wait(at now: NIODeadline) -> TimeAmount { max(free - now, .zero) }
}
