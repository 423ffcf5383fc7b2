/// Maps one publication's time stamps to its speaker's media time.
///
/// Every track of a speaker lives on one media clock that goes on over reconnects. A publication's stamps start
/// anywhere; the first message of either kind ties them to the speaker's clock, and from then on they alone count:
/// nothing takes time from arrival order.
struct Timeline {
  /// Room before the first message's media time, so that a track whose stamps lie a little earlier stays positive.
  static let margin: Int64 = 1_000_000

  private var offset: Int64?

  /// Media time in microseconds.
  /// - Parameters:
  ///   - milliseconds: the unwrapped time stamp of the message.
  ///   - elapsed: microseconds since the speaker's clock began; used for the first message only.
  mutating func mediaTime(milliseconds: Int64, elapsed: Int64) -> Int64 {
    // Stamps are 32 bits on the wire and unwrapped step by step: far from where this could overflow, but a bound is
    // cheaper than a proof.
    let time = min(max(milliseconds, -(1 << 50)), 1 << 50) * 1000
    if let offset { return time + offset }
    let offset = Self.margin + elapsed - time
    self.offset = offset
    return time + offset
  }
}
