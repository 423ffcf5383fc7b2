import NIOCore

/// Which packets of sound are sent once more though nobody asked: few receivers ask for sound, and a question and its
/// answer take a round trip. On a line that loses packets each goes again after 60 ms, when most bursts of loss are over,
/// and on one that loses many once more after another 60. The copies are the same byte for byte, so whoever has the packet
/// drops them unread.
///
/// What a receiver reports as lost shrinks by the repetition itself; so it goes on for half a minute after it was needed.
/// A line that loses packets because it is full gets none: they would fill it more.
struct SoundRepetition {
  /// One run of copies behind the live packets.
  struct Run {
    let delay: TimeAmount
    /// The number of the next packet to repeat; nil while the run has not begun.
    var next: UInt16?
  }

  var runs: [Run]

  private init(copies: Int) {
    self.runs = (0..<copies).map { Run(delay: Self.distance * ($0 + 1), next: nil) }
  }

  /// Decides on the number of copies from the share of packets lost.
  struct Policy {
    private(set) var copies = 0
    private var neededUntil: NIODeadline?

    /// Takes a share, 0 to 1, and whether the line is full. Returns the copies to be made from now on.
    mutating func copies(lossShare: Double, isCongested: Bool, at now: NIODeadline) -> Int {
      guard !isCongested else {
        (self.copies, self.neededUntil) = (0, nil)
        return 0
      }
      let wanted = lossShare > 0.03 ? 2 : lossShare > 0.01 ? 1 : 0
      if wanted >= self.copies, wanted > 0 {
        self.copies = wanted
        self.neededUntil = now + .seconds(30)
      } else if let until = self.neededUntil, now >= until {
        self.copies = wanted
        self.neededUntil = wanted > 0 ? now + .seconds(30) : nil
      }
      return self.copies
    }
  }

  /// The runs for a number of copies; those that go on keep their place.
  static func following(_ former: SoundRepetition?, copies: Int) -> SoundRepetition? {
    guard copies > 0 else { return nil }
    var repetition = SoundRepetition(copies: copies)
    for (index, run) in (former?.runs ?? []).prefix(copies).enumerated() { repetition.runs[index].next = run.next }
    return repetition
  }

  private static let distance = TimeAmount.milliseconds(60)
}
