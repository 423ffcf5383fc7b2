import NIOCore
import RTP
import Rooms

/// What a receiver does with the bound of its line.
extension Receiver {
  /// A change that the track must know.
  enum Adjustment {
    case none
    /// Another tier; nothing flows until its first key frame where it is a lower one.
    case tier(Tier, former: Tier?)
    /// Another bit rate for the encoder.
    case bitRate
  }

  /// What it gets now.
  var tier: Tier { tiers.tier }

  /// What its encoder may spend, in bit/s; nil when nothing bounds it.
  var bitRate: Int? { tiers.allotment }

  /// What the whole picture takes as far as that was measured, in bit/s.
  var need: Int? { tiers.need(isUntouched: isUntouched) }

  private var isUntouched: Bool { choice.untouched.map(codecs.contains) ?? false }

  /// Counts what was sent.
  func count(_ bytes: Int) { self.bytes &+= UInt64(bytes) }

  /// Measures what flows.
  func measure(at now: NIODeadline) {
    guard flow.sample(bytes, at: now), let bitRate = flow.bitRate, rendition != nil else { return }
    tiers.measure(bitRate, isUntouched: isUntouched)
  }

  /// Decides anew for a share of the line in bit/s, nil while it has shown no bound.
  func adjust(share: Int?, at now: NIODeadline) -> Adjustment {
    let (former, bound) = (tiers.tier, tiers.allotment)
    tiers.decide(share: share, isUntouched: isUntouched, at: now)
    guard tiers.tier != former else {
      guard let bitRate = tiers.allotment, let bound else { return tiers.allotment == bound ? .none : .bitRate }
      return abs(bitRate - bound) * 20 > bound ? .bitRate : .none
    }
    choose(choice.untouched)
    guard tiers.tier < former else { return .tier(tiers.tier, former: rendition == nil ? nil : former) }
    // What flowed is too much for the line: it would only stand in its queue.
    rendition = nil
    backlog = nil
    return .tier(tiers.tier, former: nil)
  }

  /// The line has work: live frames wait here, in order.
  func hold() {
    if backlog == nil { backlog = Backlog(frames: []) }
  }

  /// Throws away what has waited too long, up to the next key frame. Returns how many frames that are, nil for none.
  func giveUp(at now: NIODeadline) -> Int? {
    guard let since = backlog?.frames.first?.since, now - since > Self.longestHold else { return nil }
    defer {
      backlog = nil
      rendition = nil
    }
    return backlog?.frames.count
  }

  /// Pictures older than that are no conversation any more.
  private static let longestHold = TimeAmount.milliseconds(400)
}
