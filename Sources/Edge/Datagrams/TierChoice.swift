import NIOCore
import Rooms

/// Which tier of a picture one receiver gets, and what its encoder may spend on it, as its line allows.
///
///     whole ── share below what it needs ──► reduced ──► slow ──► none
///     whole ◄── share well above, and the time to try has come ──
///
/// What passes through cannot be made smaller, so it needs all that was measured of it. What is encoded follows the
/// slowest of its receivers down to half of what it has without a bound, and no further: who cannot take half goes to the
/// next tier alone. A climb that fails is tried again after 10 s, 20 s, 40 s, up to two minutes.
struct TierChoice {
  private(set) var tier = Tier.whole
  /// What the track's encoder may spend, in bit/s; nil when nothing bounds it.
  private(set) var allotment: Int?
  /// The most that was measured of a whole picture, in bit/s.
  private var measured: [Bool: Int] = [:]
  private var nextClimb: NIODeadline
  private var climbedAt: NIODeadline?
  private var patience = Self.shortestPatience
  /// Since when the share is too small for the tier.
  private var shortSince: NIODeadline?

  init(at now: NIODeadline) { nextClimb = now }

  /// Notes what flows of the whole picture, in bit/s.
  mutating func measure(_ bitRate: Int, isUntouched: Bool) {
    guard tier == .whole else { return }
    if isUntouched {
      // What a publisher sends comes and goes.
      let former = measured[true] ?? bitRate
      measured[true] = max(bitRate, former - former / 10)
    } else {
      measured[false] = max(bitRate, measured[false] ?? 0)
    }
  }

  /// What the whole picture takes, in bit/s, as far as that was measured.
  func need(isUntouched: Bool) -> Int? { measured[isUntouched] }

  /// Decides anew.
  ///
  /// - Parameters:
  ///   - share: what the line has for this picture, in bit/s; nil while it has shown no bound.
  ///   - isUntouched: whether the whole picture passes through.
  mutating func decide(share: Int?, isUntouched: Bool, at now: NIODeadline) {
    guard let share else {
      (tier, allotment) = (.whole, nil)
      return
    }
    let fitting = Tier.allCases.last { need($0, isUntouched) <= share } ?? .none
    if fitting >= tier { shortSince = nil }
    if fitting < tier {
      let since = shortSince ?? now
      shortSince = since
      guard now - since >= Self.hesitation else { return allotment = bound(share, isUntouched) }
      shortSince = nil
      if let climbedAt, now - climbedAt < Self.trial {
        patience = min(patience * 2, Self.longestPatience)
      } else {
        patience = Self.shortestPatience
      }
      climbedAt = nil
      nextClimb = now + patience
      tier = fitting
    } else if let higher = Tier(rawValue: tier.rawValue + 1), now >= nextClimb,
      need(higher, isUntouched) * 5 / 4 <= share
    {
      tier = higher
      climbedAt = now
      nextClimb = now + Self.step
    }
    allotment = bound(share, isUntouched)
  }

  /// The least share with which a tier is worth to be sent.
  private func need(_ tier: Tier, _ isUntouched: Bool) -> Int {
    switch tier {
    case .none: 0
    case .slow: Self.slow / 2
    case .reduced: Self.reduced / 3
    case .whole: isUntouched ? measured[true] ?? 0 : max((measured[false] ?? 0) / 2, Self.reduced / 3)
    }
  }

  private func bound(_ share: Int, _ isUntouched: Bool) -> Int? {
    switch tier {
    case .none: nil
    case .slow: min(share, Self.slow)
    case .reduced: min(share, Self.reduced)
    case .whole:
      if isUntouched { nil } else if let measured = measured[false], share < measured * 5 / 4 { share } else { nil }
    }
  }

  /// Bits a second of the smaller tiers.
  private static let slow = 80_000
  private static let reduced = 300_000
  private static let shortestPatience = TimeAmount.seconds(10)
  private static let longestPatience = TimeAmount.seconds(120)
  /// Between two steps of a climb that goes well.
  private static let step = TimeAmount.seconds(2)
  /// A line that hiccuped has its rate back within that; what is too much for it meanwhile waits in front of it.
  private static let hesitation = TimeAmount.milliseconds(700)
  /// A fall so soon after a climb was its fault.
  private static let trial = TimeAmount.seconds(10)
}
