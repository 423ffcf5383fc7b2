/// Carries RTMP's 32-bit millisecond clock (spec 5.3.1.3 and 7) past its wrap into 64 bits.
///
/// Each reading is taken as the one nearest to the reading before, at most 2^31 ms (24.8 days) away in either direction,
/// so that late messages stay in order across the wrap. All messages of one stream share an instance, for audio and
/// video must wrap as one. The first reading is taken as it stands.
struct TimestampUnwrapper: Sendable, Hashable {
  private var latest: Int64?

  /// The 64-bit time of `wire`, in milliseconds. Negative when a sender steps back behind zero.
  mutating func unwrap(_ wire: UInt32) -> Int64 {
    guard let previous = latest else {
      latest = Int64(wire)
      return Int64(wire)
    }
    let step = Int32(bitPattern: wire &- UInt32(truncatingIfNeeded: previous))
    // Wrapping: it would take 2^32 hostile messages to get here.
    let time = previous &+ Int64(step)
    latest = time
    return time
  }
}
