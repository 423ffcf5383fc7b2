import Media

/// Maps one publication's time stamps to its speaker's media time.
///
/// Every track of a speaker lives on one media clock that goes on over reconnects. A publication's stamps start
/// anywhere; the first message of either kind ties them to the speaker's clock, and from then on they alone count:
/// nothing takes time from when a message happened to arrive, and a publisher's clock that runs fast or slow is followed.
///
/// Arrival only tells when a clock is not what it was. One that jumps, forward or back, is tied anew where media time
/// stands, once for both kinds, so that sound and picture stay in step; what still comes with stamps from before the jump
/// keeps its place. One that stood still is moved on by what it lost, once it is clear that nothing was only late.
struct Timeline {
  /// Room before the first message's media time, so that a track whose stamps lie a little earlier stays positive.
  static let margin: Int64 = 1_000_000

  /// The stamps between two jumps.
  fileprivate struct Run {
    /// From stamps to media time, microseconds.
    var offset: Int64
    /// The last stamp of each kind; no dictionary, which would be copied with each message.
    var sound: Int64?
    var picture: Int64?
    /// By how much the freshest of late is ahead of its arrival.
    var front: Int64
    var usedAt: Int64
  }

  /// Messages after a silence, of which it is not known yet whether they are late or their clock stood still.
  private struct Resumption {
    let at: Int64
    let formerFront: Int64
    var front: Int64
  }

  private var present: Run?
  private var former: Run?
  private var resumption: Resumption?
  /// The latest media time so far.
  private var newest: Int64 = 0
  private var lastArrival: Int64 = 0

  /// Media time in microseconds.
  /// - Parameters:
  ///   - milliseconds: the unwrapped time stamp of the message.
  ///   - kind: sound or picture.
  ///   - elapsed: where on the speaker's clock a publication begins that begins now; used for the first message only.
  ///   - arrival: when the message came, microseconds on any steady clock.
  mutating func mediaTime(milliseconds: Int64, of kind: MediaKind, elapsed: Int64, arrival: Int64) -> Int64 {
    // Stamps are 32 bits on the wire and unwrapped step by step: far from where this could overflow, but a bound is
    // cheaper than a proof.
    let stamp = min(max(milliseconds, -(1 << 50)), 1 << 50) * 1000
    let silence = present == nil ? 0 : max(arrival - lastArrival, 0)
    if silence > Self.shortestStop, let front = present?.front {
      resumption = Resumption(at: arrival, formerFront: front, front: stamp - arrival)
    }
    let offset = offset(for: stamp, kind, elapsed, arrival, silence: silence)
    lastArrival = arrival
    let time = stamp + offset
    newest = max(newest, time)
    return time
  }

  private mutating func offset(
    for stamp: Int64, _ kind: MediaKind, _ elapsed: Int64, _ arrival: Int64, silence: Int64
  ) -> Int64 {
    guard let present else {
      let offset = Self.margin + elapsed - stamp
      self.present = Run(offset: offset, stamp, kind, arrival)
      return offset
    }
    if !present.continues(stamp, kind), let former, arrival - former.usedAt < Self.memory,
      former.continues(stamp, kind)
    {
      self.former?.note(stamp, kind, arrival)
      return former.offset
    }
    if present.continues(stamp, kind) || present.reaches(stamp, kind, arrival) {
      self.present?.note(stamp, kind, arrival)
      moveOn(stamp, arrival)
      return self.present?.offset ?? present.offset
    }
    former = present
    resumption = nil
    let offset = newest + max(silence, Self.step) - stamp
    self.present = Run(offset: offset, stamp, kind, arrival)
    return offset
  }

  /// Moves a clock on that stood still: of what comes for a while after the silence, even the freshest is late.
  private mutating func moveOn(_ stamp: Int64, _ arrival: Int64) {
    guard var resumption else { return }
    resumption.front = max(resumption.front, stamp - arrival)
    self.resumption = resumption
    guard arrival - resumption.at >= Self.patience else { return }
    self.resumption = nil
    let lost = resumption.formerFront - resumption.front
    guard lost > Self.shortestStop / 2 else { return }
    present?.offset += lost
    present?.front = resumption.front
  }

  /// All in microseconds. No publisher's queue reorders its messages by more.
  fileprivate static let tolerance: Int64 = 3_000_000
  private static let shortestStop: Int64 = 2_000_000
  /// A connection that stalled has sent what it held back after that.
  private static let patience: Int64 = 2_000_000
  /// How long stamps from before a jump are known, and how late a message may be.
  fileprivate static let memory: Int64 = 15_000_000
  private static let step: Int64 = 20_000
}

extension Timeline.Run {
  fileprivate init(offset: Int64, _ stamp: Int64, _ kind: MediaKind, _ arrival: Int64) {
    self.init(offset: offset, front: stamp - arrival, usedAt: arrival)
    self[kind] = stamp
  }

  fileprivate subscript(kind: MediaKind) -> Int64? {
    get { kind == .audio ? sound : picture }
    set { if kind == .audio { sound = newValue } else { picture = newValue } }
  }

  /// Whether a stamp goes on where its kind was.
  fileprivate func continues(_ stamp: Int64, _ kind: MediaKind) -> Bool {
    self[kind].map { abs(stamp - $0) <= Timeline.tolerance } ?? false
  }

  /// Whether a stamp is where the clock is by now, give or take what a message may be late.
  fileprivate func reaches(_ stamp: Int64, _ kind: MediaKind, _ arrival: Int64) -> Bool {
    if let last = self[kind], stamp < last { return false }
    let ahead = stamp - arrival - front
    return ahead <= Timeline.tolerance && ahead >= -Timeline.memory
  }

  /// Notes a message. The front follows a clock that runs slow, by up to two hundredths.
  fileprivate mutating func note(_ stamp: Int64, _ kind: MediaKind, _ arrival: Int64) {
    front = max(front - max(arrival - usedAt, 0) / 50, stamp - arrival)
    self[kind] = stamp
    usedAt = arrival
  }
}
