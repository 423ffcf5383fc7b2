import BadNetwork
import NIOCore

@testable import RTP

/// A sender of sound and pictures that follows the estimate, a bad network, and a receiver that reports arrivals; half an
/// hour of it takes a moment.
struct Trial {
  /// What happened in one hundred milliseconds.
  struct Moment {
    var at: TimeAmount
    var estimate: Int
    var sent: Int
    var queue: TimeAmount
  }

  var network: BadLink<UInt16>
  var way: BadLink<TransportFeedback>
  /// What the encoder makes when nothing bounds it, in bit/s.
  var picture = 1_000_000
  /// What arrives waits for the next multiple of this time.
  var bunch = TimeAmount.zero
  let began = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private(set) var estimator: BandwidthEstimator
  private(set) var moments: [Moment] = []
  private var now: NIODeadline
  private var stalledUntil = NIODeadline.uptimeNanoseconds(0)
  private var starvation: Starvation?
  private var reportedAt = NIODeadline.uptimeNanoseconds(0)
  /// What the sender's machine has not come to send.
  private var due: [Int] = []
  private var arrivals: [(number: UInt16, at: Int64)] = []
  private var next: UInt16 = 0
  private var reports: UInt8 = 0
  private var bytes = 0
  private var longestQueue = TimeAmount.zero
  /// The receiver's clock has nothing to do with ours.
  private let receiverClock: Int64 = 77_000_000

  init(_ conditions: BadLink<UInt16>.Conditions, seed: UInt64 = 1) {
    network = BadLink(conditions, seed: seed)
    var back = BadLink<TransportFeedback>.Conditions()
    back.delay = conditions.delay
    back.jitter = conditions.jitter
    way = BadLink(back, seed: seed &+ 1)
    now = began
    estimator = BandwidthEstimator(at: now)
  }

  var elapsed: TimeAmount { now - began }

  /// Runs in steps of a millisecond, the tick of everything here.
  mutating func run(_ amount: TimeAmount) {
    let end = now + amount
    while now < end {
      let tick = elapsed.nanoseconds / 1_000_000
      if tick % 20 == 0 { due.append(110) }
      if tick % 40 == 0 { makePicture() }
      if starvation?.takeSendersTurn(at: now) ?? true {
        for size in due { send(size) }
        due = []
      }
      if let isTurn = starvation?.takeReceiversTurn(at: now) {
        if isTurn { receiveLate() }
      } else if now >= stalledUntil {
        for (at, number) in network.receive(by: now) {
          let arrival = bunched((max(at, stalledUntil) - began).nanoseconds / 1000)
          arrivals.append((number, arrival + receiverClock))
        }
        if tick % 100 == 50 { report() }
      }
      for (_, feedback) in way.receive(by: now) { estimator.take(feedback, roundTrip: .milliseconds(100), at: now) }
      if tick % 100 == 0 {
        moments.append(Moment(at: elapsed, estimate: estimator.bitRate, sent: bytes * 80, queue: longestQueue))
        (bytes, longestQueue) = (0, .zero)
      }
      now = now + .milliseconds(1)
    }
  }

  /// The receiver's machine does nothing for a while.
  mutating func stall(_ amount: TimeAmount) { stalledUntil = now + amount }

  /// The machines of both ends have no core to spare: each comes to run once in `period`, the receiver `lag` after the
  /// sender. Nil ends it.
  mutating func starve(every period: TimeAmount?, lag: TimeAmount = .zero) {
    starvation = period.map { Starvation(period: $0, sender: now + $0, receiver: now + $0 + lag) }
  }

  /// Moments from a time on.
  func since(_ time: TimeAmount) -> [Moment] { moments.filter { $0.at >= time } }

  /// What waits in the socket bears the time at which it is read.
  private mutating func receiveLate() {
    for (_, number) in network.receive(by: now) {
      arrivals.append((number, (now - began).nanoseconds / 1000 + receiverClock))
    }
    guard now - reportedAt >= .milliseconds(100) else { return }
    reportedAt = now
    report()
  }

  private func bunched(_ arrival: Int64) -> Int64 {
    let size = max(bunch.nanoseconds / 1000, 1)
    return (arrival + size - 1) / size * size
  }

  private mutating func makePicture() {
    let rate = max(min(picture, estimator.bitRate - 45_000), 20_000)
    var left = rate / 8 / 25
    while left > 0 {
      due.append(min(left, 1160) + 60)
      left -= 1160
    }
  }

  private struct Starvation {
    let period: TimeAmount
    var sender: NIODeadline
    var receiver: NIODeadline

    mutating func takeSendersTurn(at now: NIODeadline) -> Bool {
      guard now >= sender else { return false }
      sender = sender + period
      return true
    }

    mutating func takeReceiversTurn(at now: NIODeadline) -> Bool {
      guard now >= receiver else { return false }
      receiver = receiver + period
      return true
    }
  }

  private mutating func send(_ size: Int) {
    let number = estimator.ledger.next
    estimator.ledger.record(size: size, at: now)
    network.send(number, size: size, at: now)
    longestQueue = max(longestQueue, network.queueDelay)
    bytes += size
  }

  private mutating func report() {
    guard let last = arrivals.map(\.number).max(by: { Int16(bitPattern: $1 &- $0) > 0 }) else { return }
    // What was overtaken and comes late is told late.
    let first = arrivals.map(\.number).reduce(next) { Int16(bitPattern: $1 &- $0) < 0 ? $1 : $0 }
    let end = Int16(bitPattern: last &- next) < 0 ? next &- 1 : last
    let count = Int(end &- first) + 1
    guard count > 0, count < 8192 else { return arrivals = [] }
    var list = [Int64?](repeating: nil, count: count)
    for (number, at) in arrivals { list[Int(number &- first)] = at }
    let feedback = TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2, firstNumber: first, feedbackCount: reports, arrivals: list)
    reports &+= 1
    way.send(feedback, size: 60, at: now)
    next = end &+ 1
    arrivals = []
  }
}
