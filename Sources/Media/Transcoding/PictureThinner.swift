/// Leaves out pictures that come sooner than a bound on their rate allows.
struct PictureThinner: Sendable {
  private let interval: Int64?
  /// When the next picture is due.
  private var due: Int64?

  /// `pictureRate` in pictures a second; nil takes all.
  init(pictureRate: Int?) {
    self.interval = pictureRate.map { 1_000_000 / Int64(max($0, 1)) }
  }

  /// Whether a picture of that time, in microseconds, is taken; one that `mustPass` always is.
  mutating func takes(_ time: Int64, mustPass: Bool) -> Bool {
    guard let interval = self.interval else { return true }
    let time = MediaTime.clamp(time)
    guard let due = self.due, abs(time - due) <= interval else {
      // The first one, one after a pause, or one of a stream that began again.
      self.due = time + interval
      return true
    }
    guard mustPass || time >= due - Self.tolerance else { return false }
    // On from the time it was due: 25 a second thinned to 15 would come out as 12.5 otherwise.
    self.due = max(due, time - interval / 2) + interval
    return true
  }

  /// Times in whole milliseconds lie beside where they should.
  private static let tolerance: Int64 = 2_000
}
