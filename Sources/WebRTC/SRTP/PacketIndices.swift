/// The 48-bit indices of outgoing packets: roll-over counter and sequence number, for each source
/// (RFC 3711 section 3.3.1).
///
/// A source begins at roll-over zero with its first packet. A packet that is sent again gets the index it had.
struct PacketIndices {
  private struct Source {
    let ssrc: UInt32
    var highest: Int64
  }

  private var sources: [Source] = []
  /// Where the source asked for last stands: a frame's packets ask for the same one.
  private var latest = 0

  /// The index of a packet. Nil when there is none: a number from before the source's first packet, or the end of the
  /// 48 bits, where the key is used up.
  @inline(__always)
  mutating func index(ssrc: UInt32, sequenceNumber: UInt16) -> UInt64? {
    if self.latest >= self.sources.count || self.sources[self.latest].ssrc != ssrc {
      guard let found = self.find(ssrc) else {
        self.latest = self.sources.count
        self.sources.append(Source(ssrc: ssrc, highest: Int64(sequenceNumber)))
        return UInt64(sequenceNumber)
      }
      self.latest = found
    }
    let highest = self.sources[self.latest].highest
    let step = Int16(bitPattern: sequenceNumber &- UInt16(truncatingIfNeeded: highest))
    let index = highest + Int64(step)
    guard index >= 0, index <= Self.last else { return nil }
    if step > 0 { self.sources[self.latest].highest = index }
    return UInt64(index)
  }

  /// Forgets a source that has left; false if it was not known.
  mutating func remove(ssrc: UInt32) -> Bool {
    guard let found = self.find(ssrc) else { return false }
    self.sources.remove(at: found)
    return true
  }

  private func find(_ ssrc: UInt32) -> Int? { self.sources.firstIndex { $0.ssrc == ssrc } }

  private static let last: Int64 = 1 << 48 - 1
}
