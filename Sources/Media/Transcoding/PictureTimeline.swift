/// Makes the times of pictures strictly increasing while they stay true as far as possible.
///
/// An encoder refuses a picture that is not later than the one before, and a receiver cannot tell two pictures
/// of one time apart.
struct PictureTimeline: Sendable {
  /// How far the stream's own time is shifted; other than 0 only after the stream jumped back.
  private(set) var offset: Int64 = 0
  private var last: Int64?
  /// Where the stream itself was by then: behind `last` while a picture that stood was shown again.
  private var own: Int64 = 0

  /// The time at which a picture said to be of `time` is encoded.
  mutating func place(_ time: Int64) -> Int64 {
    let time = MediaTime.clamp(time)
    let placed: Int64
    if let last = self.last {
      if time > last {
        self.offset = 0
        placed = time
      } else if time + self.offset > last {
        // A stream that jumps to and fro would otherwise push its time up without end.
        placed = time + self.offset < MediaTime.ceiling ? time + self.offset : last + Self.step
      } else if time + self.offset > self.own - Self.jump {
        placed = last + Self.step
        self.own = max(self.own, time + self.offset)
        self.last = placed
        return placed
      } else {
        // The stream began again at an earlier time: go on from here.
        self.offset = last + Self.pause - time
        placed = last + Self.pause
      }
    } else {
      placed = time
    }
    self.last = placed
    self.own = placed
    return placed
  }

  /// The time at which a picture that stands is encoded again, if media time is said to be `time` by now. The stream may go
  /// on from any time later than its own.
  mutating func placeAgain(_ time: Int64, of own: Int64) -> Int64 {
    let time = MediaTime.clamp(time)
    guard let last = self.last else {
      self.own = max(MediaTime.clamp(own), time - Self.longestStall)
      self.last = time
      return time
    }
    let wanted = time + self.offset
    let placed = wanted > last && wanted < MediaTime.ceiling ? wanted : last + Self.step
    self.last = placed
    return placed
  }

  /// Least distance of two pictures: 1 ms, 90 ticks of RTP's video clock.
  static let step: Int64 = 1_000
  /// From here on backwards is a jump and not disorder.
  static let jump: Int64 = 1_000_000
  /// Of which age a stream's own time may be when the picture that stands is the first one encoded.
  private static let longestStall: Int64 = 30_000_000
  /// Distance put between two pictures across a jump back.
  static let pause: Int64 = 40_000
}
