import NIOCore

/// How much may be sent to one receiver: an upper bound in bit/s for all its streams together, from what it reports.
///
///     transport-wide feedback ─┬─ arrival less departure ── QueueDelay ── a queue grows: below what arrives
///                              ├─ what left at once ─────── ArrivalSpacing ── comes at once: no line's queue, but a long one
///                              ├─ bytes that arrived ────── DeliveryRate
///                              └─ packets missed ────────── LossShare ─── more than a tenth: below what was sent
///     REMB, receiver reports ──── for receivers without it
///
/// Nothing is known at first, and the bound is `Limits.maximum`: a joiner gets its picture at once, and the first half
/// second shows what the path is. From then on the bound grows by 8 % a second, slowly around the rate at which a queue
/// grew last, also while less is sent: it says what may be tried, and one who tries too much is told within half a second.
public struct BandwidthEstimator: Sendable {
  /// Between which rates the bound moves, in bit/s.
  public struct Limits: Sendable, Hashable {
    /// Enough for voice.
    public var minimum = 40_000
    /// More than any room sends one receiver.
    public var maximum = 30_000_000

    /// The usual limits.
    public init() {}
  }

  /// Bits a second that may be sent now.
  public private(set) var bitRate: Int
  /// What packets waited in queues by the last report; zero without transport-wide feedback.
  public private(set) var queueDelay: TimeAmount = .zero
  /// Share of packets lost lately, 0 to 1.
  public private(set) var lossShare = 0.0
  /// The packets on their way.
  public var ledger: TransportLedger

  private let limits: Limits
  private var queue = QueueDelay()
  private var delivery = DeliveryRate()
  /// What was sent of that, by when it was sent.
  private var departure = DeliveryRate()
  private var spacing = ArrivalSpacing()
  private var loss = LossShare()
  private var sending = SendingRate()
  /// Since when the queue is too long.
  private var crowdedSince: NIODeadline?
  /// The bound when that began.
  private var bitRateWhenCrowded = 0
  /// The last reduction for a queue, and the bound before it.
  private var reduced: (at: NIODeadline, from: Int)?
  /// When what is lost was last due to a full line, as far as reports tell.
  private var congestedAt: NIODeadline?
  /// Whether more than a tenth was lost in the last span.
  private var lossWasHeavy = false
  /// Since when the receiver's own estimate is below what is sent.
  private var shortSince: NIODeadline?
  /// Until when the last reduction is not yet to be seen in reports.
  private var settledAt: NIODeadline
  private var grownAt: NIODeadline
  /// The rate at which a queue grew last.
  private var capacity: Int?
  /// Whether the receiver reports arrivals: then they alone count.
  private var reportsArrivals = false

  /// Begins without knowledge.
  public init(limits: Limits = Limits(), at now: NIODeadline) {
    self.limits = limits
    bitRate = limits.maximum
    ledger = TransportLedger(at: now)
    settledAt = now
    grownAt = now
  }

  /// Whether the path has shown no bound yet.
  public var isUnbounded: Bool { bitRate >= limits.maximum }

  /// Whether packets that are lost now are lost because too much is sent: more of it would only lose more.
  public func isCongested(at now: NIODeadline) -> Bool {
    crowdedSince != nil || congestedAt.map { now - $0 < Self.afterCongestion } ?? false
  }

  /// Takes a report of arrivals.
  ///
  /// - Parameter roundTrip: the last measured one, zero if there is none.
  public mutating func take(_ feedback: TransportFeedback, roundTrip: TimeAmount, at now: NIODeadline) {
    var shortest: (oneWay: Int64, sentAt: Int64)?
    spacing.beginReport()
    feedback.forEach { number, arrival in
      guard let arrival else {
        if let packet = self.ledger.missed(number, at: now) { self.loss.lose(packet.size) }
        return
      }
      guard let packet = self.ledger.arrived(number, at: now) else { return }
      if packet.wasMissed { self.loss.find(packet.size) }
      self.loss.arrive(packet.size)
      self.delivery.add(packet.size, at: arrival)
      self.departure.add(packet.size, at: packet.sentAt)
      self.spacing.add(packet.size, sentAt: packet.sentAt, arrivedAt: arrival)
      let oneWay = arrival - packet.sentAt
      if oneWay < shortest?.oneWay ?? .max { shortest = (oneWay, packet.sentAt) }
    }
    reportsArrivals = true
    spacing.endReport()
    guard let shortest else { return }
    // The shortest of a report: jitter adds to single packets, a queue to all of them.
    let delay = TimeAmount.microseconds(queue.take(shortest.oneWay, at: shortest.sentAt))
    judge(delay, isShrinking: delay < queueDelay, roundTrip: roundTrip, at: now)
    queueDelay = delay
    judgeLoss(roundTrip: roundTrip, at: now)
  }

  /// Takes the receiver's own estimate, in bit/s.
  ///
  /// Receivers cap it near what arrives, so one that is above that says only that there is no queue.
  ///
  /// - Parameter bytesSent: all bytes sent to the receiver so far.
  public mutating func take(estimate: UInt64, bytesSent: UInt64, at now: NIODeadline) {
    guard !reportsArrivals else { return }
    sending.sample(bytesSent, at: now)
    let estimate = Int(clamping: estimate)
    guard let sent = sending.bitRate else { return }
    guard estimate < sent else {
      shortSince = nil
      return grow(at: now)
    }
    // Receivers go below what arrives for a moment's jitter; one that stays there, or says far less, means it.
    let since = shortSince ?? now
    shortSince = since
    guard now - since >= Self.estimatePatience || estimate < sent * 7 / 10 else { return }
    capacity = estimate
    congestedAt = now
    reduce(to: estimate, roundTrip: .zero, at: now)
  }

  /// Takes the share of packets that a receiver report calls lost, 0 to 1; for receivers without transport-wide feedback.
  public mutating func take(
    lossShare share: Double, bytesSent: UInt64, roundTrip: TimeAmount, at now: NIODeadline
  ) {
    guard !reportsArrivals else { return }
    sending.sample(bytesSent, at: now)
    lossShare = share
    if share > Self.heavyLoss, let sent = sending.bitRate {
      reduce(to: Int(Double(sent) * (1 - share / 2)), roundTrip: roundTrip, at: now)
    } else {
      grow(at: now)
    }
  }

  // MARK: - Judgement

  private mutating func judge(
    _ delay: TimeAmount, isShrinking: Bool, roundTrip: TimeAmount, at now: NIODeadline
  ) {
    guard delay > (isSpaced ? Self.crowded : Self.overcrowded) else {
      crowdedSince = nil
      undoIfSpurious(delay, at: now)
      if delay < Self.clear { grow(at: now) } else { grownAt = now }
      return
    }
    grownAt = now
    if crowdedSince == nil { bitRateWhenCrowded = bitRate }
    let since = crowdedSince ?? now
    crowdedSince = since
    // A queue that shrinks needs only time: while it empties less is sent, and what arrives says nothing of the line.
    guard !isShrinking, now - since >= Self.patience, now >= settledAt,
      let delivered = delivery.bitRate
    else { return }
    capacity = delivered
    congestedAt = now
    // Below what arrives, by as much as empties the queue within a second or so.
    let share = max(0.9 - Double(delay.nanoseconds) / 1e9, 0.5)
    // What arrives is no measure of a line while its receiver pauses, nor where little is sent: the first step is a
    // small one, and only a queue that outlives it shows what the line carries.
    let isFirst = reduced.map { now - $0.at > Self.memory } ?? true
    let isKnownNarrow = now - since >= Self.persistence || bitRateWhenCrowded <= Self.leastForOneCause
    let floor = isKnownNarrow ? limits.minimum : Self.leastForOneCause
    let least = isFirst ? max(floor, (departure.bitRate ?? 0) * 7 / 10) : floor
    reduced = (now, reduced.map { now - $0.at < Self.hiccup ? $0.from : bitRate } ?? bitRate)
    reduce(to: max(Int(Double(delivered) * share), least), roundTrip: roundTrip, at: now)
  }

  /// Whether packets come one after another, as a bottleneck lets them through, as far as one can tell.
  private var isSpaced: Bool {
    guard let together = spacing.bitRate, let delivered = delivery.bitRate else { return true }
    return together < Double(delivered) * Self.pile
  }

  /// A queue that is gone before less was sent was none: somebody's processor or radio paused.
  private mutating func undoIfSpurious(_ delay: TimeAmount, at now: NIODeadline) {
    guard let reduced, delay < Self.gone else { return }
    self.reduced = nil
    guard now - reduced.at < Self.hiccup else { return }
    bitRate = max(bitRate, reduced.from)
    capacity = nil
    congestedAt = nil
    settledAt = now
  }

  private mutating func judgeLoss(roundTrip: TimeAmount, at now: NIODeadline) {
    guard loss.isDue(at: now.uptimeMicroseconds) else { return }
    lossShare = loss.share
    // One span of bursts may look like a line that is too narrow; two in a row do not.
    let isLasting = lossWasHeavy || lossShare > Self.excessiveLoss
    lossWasHeavy = lossShare > Self.heavyLoss
    guard lossWasHeavy, isLasting, now >= settledAt else { return }
    let share = lossShare > Self.excessiveLoss ? lossShare : lossShare / 2
    reduce(to: max(Int(Double(loss.sent) * (1 - share)), Self.leastForOneCause), roundTrip: roundTrip, at: now)
  }

  private mutating func reduce(to rate: Int, roundTrip: TimeAmount, at now: NIODeadline) {
    bitRate = max(min(bitRate, rate), limits.minimum)
    grownAt = now
    settledAt = now + roundTrip + Self.settling
  }

  private mutating func grow(at now: NIODeadline) {
    let seconds = Double(min((now - grownAt).nanoseconds, 1_000_000_000)) / 1e9
    grownAt = now
    guard seconds > 0, now >= settledAt, bitRate < limits.maximum else { return }
    if let capacity, bitRate > capacity * 3 / 2 { self.capacity = nil }
    var step = max(Double(bitRate) * Self.growth, Self.leastGrowth)
    // Around the rate where a queue grew, a fifth of it in ten seconds.
    if let capacity, bitRate > capacity * 9 / 10 { step = min(step, max(Double(capacity) / 50, 8_000)) }
    if let capacity, bitRate < capacity * 4 / 5 { step = max(step, Double(capacity) / 4) }
    if lossShare > Self.lightLoss { step /= 2 }
    bitRate = min(bitRate + Int(step * seconds), limits.maximum)
  }

  /// Jitter of single packets stays far below it in the shortest of a report.
  private static let crowded = TimeAmount.milliseconds(60)
  /// A machine that starves lets packets wait about as long as its scheduler lets others run; a queue grows beyond it.
  private static let overcrowded = TimeAmount.milliseconds(250)
  /// A bottleneck lets through no more than it delivers; radios send a few packets at once.
  private static let pile = 8.0
  private static let clear = TimeAmount.milliseconds(40)
  private static let gone = TimeAmount.milliseconds(20)
  /// A processor or a radio that pauses seldom does so for longer.
  private static let patience = TimeAmount.milliseconds(400)
  /// Queues within this time of each other are one.
  private static let memory = TimeAmount.seconds(2)
  /// Neither loss nor a queue that does not last brings the bound below this, in bit/s: sound, and a small picture.
  private static let leastForOneCause = 150_000
  /// A queue that outlives all steps for so long is that of a line which carries less.
  private static let persistence = TimeAmount.seconds(4)
  /// What an encoder needs to follow, beside the round trip.
  private static let settling = TimeAmount.milliseconds(300)
  /// Less than an encoder needs to follow and a queue to drain.
  private static let hiccup = TimeAmount.milliseconds(350)
  /// A line that was full is probed again within this time.
  private static let afterCongestion = TimeAmount.seconds(4)
  private static let estimatePatience = TimeAmount.seconds(2)
  /// A second.
  private static let growth = 0.08
  /// Bits a second, each second.
  private static let leastGrowth = 12_000.0
  private static let heavyLoss = 0.1
  /// No chance of bursts.
  private static let excessiveLoss = 0.2
  private static let lightLoss = 0.02
}

extension NIODeadline {
  fileprivate var uptimeMicroseconds: Int64 { Int64(clamping: uptimeNanoseconds / 1000) }
}
