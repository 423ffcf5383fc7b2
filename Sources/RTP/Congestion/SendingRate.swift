import NIOCore

/// What is sent, from a count of bytes looked at now and then.
public struct SendingRate: Sendable {
  /// Bits a second over the last span; nil before there was one.
  public private(set) var bitRate: Int?
  private let span: TimeAmount
  private var sampled: (bytes: UInt64, at: NIODeadline)?

  /// - Parameter span: the shortest time a rate is taken over.
  public init(span: TimeAmount = .milliseconds(500)) { self.span = span }

  /// Takes the count. Returns whether a span ended with it.
  @discardableResult
  public mutating func sample(_ bytes: UInt64, at now: NIODeadline) -> Bool {
    guard let sampled else {
      self.sampled = (bytes, now)
      return false
    }
    let elapsed = now - sampled.at
    guard elapsed >= span else { return false }
    bitRate = Int(Double(bytes &- sampled.bytes) * 8e9 / Double(elapsed.nanoseconds))
    self.sampled = (bytes, now)
    return true
  }
}
