import BadNetwork
import NIOCore
import Testing

@testable import RTP

private typealias Conditions = BadLink<UInt16>.Conditions

private func conditions(_ change: (inout Conditions) -> Void) -> Conditions {
  var conditions = Conditions()
  change(&conditions)
  return conditions
}

@Suite struct BandwidthEstimatorTests {
  @Test(arguments: [300_000, 700_000, 2_000_000]) func theRateFollowsABottleneckWithinFiveSeconds(rate: Int) throws {
    var trial = Trial(conditions { $0.delay = .milliseconds(40) })
    trial.picture = 3_000_000
    trial.run(.seconds(10))
    #expect(trial.estimator.isUnbounded)
    trial.network.conditions.bitRate = rate
    trial.run(.seconds(60))
    let later = trial.since(.seconds(15))
    #expect(later.allSatisfy { $0.queue < .milliseconds(500) })
    #expect(later.allSatisfy { $0.estimate < rate * 13 / 10 })
    // And the line is used.
    let mean = later.map(\.sent).reduce(0, +) / later.count
    #expect(mean > rate * 7 / 10, "\(mean)")
  }

  @Test func aVeryNarrowLineCarriesSoundWithoutAQueue() {
    var trial = Trial(conditions { $0.delay = .milliseconds(40) })
    trial.picture = 3_000_000
    trial.run(.seconds(10))
    trial.network.conditions.bitRate = 90_000
    trial.run(.seconds(60))
    #expect(trial.since(.seconds(45)).filter { $0.queue > .milliseconds(500) }.count < 20)
  }

  /// As a relay or a radio that is out for a second does: most is lost at once, and then nothing.
  @Test func anOutageDoesNotEndThePicture() {
    var trial = Trial(conditions { $0.delay = .milliseconds(40) })
    trial.run(.seconds(10))
    for _ in 0..<4 {
      trial.network.conditions.loss = 0.9
      trial.network.conditions.burst = 50
      trial.run(.milliseconds(1_200))
      trial.network.conditions.loss = 0
      trial.run(.seconds(4))
    }
    #expect(trial.moments.allSatisfy { $0.estimate >= 150_000 })
  }

  /// Whoever repeats what was lost must know it.
  @Test func aLineThatIsFullIsToldFromOneThatLoses() {
    var trial = Trial(conditions { $0.delay = .milliseconds(40) })
    trial.run(.seconds(5))
    #expect(!trial.estimator.isCongested(at: trial.began + trial.elapsed))
    trial.network.conditions.bitRate = 300_000
    trial.run(.seconds(3))
    #expect(trial.estimator.isCongested(at: trial.began + trial.elapsed))
    trial.network.conditions.bitRate = nil
    trial.run(.seconds(20))
    #expect(!trial.estimator.isCongested(at: trial.began + trial.elapsed))
  }

  @Test func aLineThatIsWideAgainIsUsedAgain() {
    var trial = Trial(conditions { $0.bitRate = 300_000 })
    trial.run(.seconds(20))
    #expect(trial.estimator.bitRate < 400_000)
    trial.network.conditions.bitRate = nil
    trial.run(.seconds(45))
    #expect(trial.estimator.bitRate > 1_000_000)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func lossInBurstsAndJitterAreNoBottleneck(seed: UInt64) {
    var trial = Trial(
      conditions {
        $0.delay = .milliseconds(80)
        $0.jitter = .milliseconds(20)
        $0.loss = 0.05
        $0.burst = 3
      }, seed: seed)
    trial.run(.seconds(60))
    let mean = trial.moments.map(\.sent).reduce(0, +) / trial.moments.count
    #expect(mean > 800_000, "\(mean)")
    #expect(!trial.estimator.isCongested(at: trial.began + trial.elapsed))
  }

  @Test(arguments: [80, 150, 250, 400] as [Int64]) func aPauseOfTheReceiversMachineIsNoBottleneck(pause: Int64) {
    var trial = Trial(conditions { $0.delay = .milliseconds(20) })
    trial.run(.seconds(10))
    for _ in 0..<10 {
      trial.stall(.milliseconds(pause))
      trial.run(.seconds(2))
    }
    let moments = trial.since(.seconds(10))
    // A dip is mended by the second report after it.
    #expect(moments.count { $0.estimate < 1_100_000 } <= 50)
    #expect(trial.estimator.bitRate > 1_100_000)
  }

  /// Period and lag in milliseconds: how seldom both ends come to run, and how long a packet waits for the receiver.
  private static let starvations: [(period: Int64, lag: Int64)] = [(100, 70), (160, 90), (240, 200), (300, 70)]

  @Test(arguments: Self.starvations) func machinesThatStarveAreNoBottleneck(period: Int64, lag: Int64) {
    var trial = Trial(conditions { $0.delay = .milliseconds(5) })
    trial.run(.seconds(10))
    trial.starve(every: .milliseconds(period), lag: .milliseconds(lag))
    trial.run(.seconds(30))
    trial.starve(every: nil)
    trial.run(.seconds(5))
    #expect(trial.moments.allSatisfy { $0.estimate > 1_100_000 }, "\(trial.moments.map(\.estimate).min() ?? 0)")
    #expect(!trial.estimator.isCongested(at: trial.began + trial.elapsed))
  }

  @Test(arguments: Self.starvations) func aBottleneckBetweenMachinesThatStarveIsFollowed(period: Int64, lag: Int64) {
    var trial = Trial(conditions { $0.delay = .milliseconds(5) })
    trial.picture = 3_000_000
    trial.run(.seconds(10))
    trial.starve(every: .milliseconds(period), lag: .milliseconds(lag))
    trial.run(.seconds(10))
    trial.network.conditions.bitRate = 300_000
    trial.run(.seconds(60))
    let later = trial.since(.seconds(30))
    // Half of it and more is what the machines themselves let wait.
    #expect(later.allSatisfy { $0.queue < .seconds(1) }, "\(later.map(\.queue).max() ?? .zero)")
    let mean = later.map(\.sent).reduce(0, +) / later.count
    #expect((120_000..<330_000).contains(mean), "\(mean)")
  }

  /// A radio sends several packets at once, and so does a queue before it.
  @Test func aQueueBeforeARadioThatSendsInBunchesIsFollowed() {
    var trial = Trial(conditions { $0.delay = .milliseconds(5) })
    trial.picture = 3_000_000
    trial.run(.seconds(10))
    trial.network.conditions.bitRate = 700_000
    trial.bunch = .milliseconds(15)
    trial.run(.seconds(60))
    let later = trial.since(.seconds(20))
    #expect(later.filter { $0.queue > .milliseconds(500) }.count < 20, "\(later.map(\.queue).max() ?? .zero)")
    let mean = later.map(\.sent).reduce(0, +) / later.count
    #expect((400_000..<800_000).contains(mean), "\(mean)")
  }

  @Test func aPolicerWithoutAQueueIsFollowedByItsLoss() {
    var trial = Trial(
      conditions {
        $0.bitRate = 300_000
        $0.queue = .milliseconds(20)
      })
    trial.picture = 2_000_000
    trial.run(.seconds(30))
    #expect(trial.since(.seconds(8)).allSatisfy { $0.sent < 500_000 })
  }

  @Test func aReceiverThatFallsSilentSaysNothingOfItsLine() {
    // Browsers leave out reports for seconds where little comes; one that is gone is found by its consent.
    var trial = Trial(conditions { _ in })
    trial.run(.seconds(5))
    trial.network.conditions.loss = 0.999_999
    trial.network.conditions.burst = 1e9
    trial.run(.seconds(5))
    #expect(trial.estimator.isUnbounded)
  }

  @Test func clocksThatDriftAreNoQueue() {
    var queue = QueueDelay()
    // A receiver whose clock gains a hundredth of a percent, for an hour.
    for second in 0..<3600 {
      let delay = queue.take(Int64(second) * 100, at: Int64(second) * 1_000_000)
      #expect(delay < 3_000)
    }
    // One that is set anew is another clock, and not a queue of an hour.
    #expect(queue.take(3_600_000_000, at: 3_601_000_000) == 0)
  }

  @Test func aReceiversOwnEstimateBoundsWhatIsSentAbove() {
    var estimator = BandwidthEstimator(at: .uptimeNanoseconds(0))
    var bytes: UInt64 = 0
    for second in 1...10 {
      bytes += 125_000
      estimator.take(estimate: 1_500_000, bytesSent: bytes, at: .uptimeNanoseconds(UInt64(second) * 1_000_000_000))
    }
    // A megabit is sent, and the receiver sees no bound in it.
    #expect(estimator.isUnbounded)
    bytes += 125_000
    estimator.take(estimate: 900_000, bytesSent: bytes, at: .uptimeNanoseconds(11_000_000_000))
    #expect(estimator.isUnbounded, "a moment's jitter")
    bytes += 125_000
    estimator.take(estimate: 400_000, bytesSent: bytes, at: .uptimeNanoseconds(12_000_000_000))
    #expect(estimator.bitRate == 400_000)
  }
}
