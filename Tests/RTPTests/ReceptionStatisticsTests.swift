import NIOCore
import Testing

@testable import RTP
import Seeded

private let clockRate: UInt32 = 8000

private func deadline(_ milliseconds: Int64) -> NIODeadline {
  .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
}

extension ReceptionStatistics {
  /// A packet of 20 ms, `late` milliseconds after its time.
  @discardableResult
  fileprivate mutating func receive(_ number: Int, late: Int64 = 0) -> Bool {
    let header = RTPHeader(
      marker: false, payloadType: 0, sequenceNumber: UInt16(truncatingIfNeeded: number),
      timestamp: UInt32(truncatingIfNeeded: number * 160), ssrc: 1)
    return receive(header, at: deadline(Int64(number) * 20 + late))
  }
}

@Suite struct ReceptionStatisticsTests {
  @Test func nothingIsReportedBeforeTheFirstPacket() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    #expect(statistics.report(ssrc: 1, at: deadline(0)) == nil)
  }

  @Test func theShareLostIsCountedFromReportToReport() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    for number in [100, 101, 103, 104] { statistics.receive(number) }
    let first = statistics.report(ssrc: 7, at: deadline(0))
    #expect(first?.ssrc == 7)
    #expect(first?.fractionLost == 51)  // 1 of 5, in 256ths
    #expect(first?.cumulativeLost == 1)
    #expect(first?.highestSequenceNumber == 104)
    for number in 105...108 { statistics.receive(number) }
    let second = statistics.report(ssrc: 7, at: deadline(0))
    #expect(second?.fractionLost == 0)
    #expect(second?.cumulativeLost == 1)
    #expect(statistics.report(ssrc: 7, at: deadline(0))?.fractionLost == 0)
  }

  @Test func repeatedPacketsMakeTheLossNegative() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    for number in [1, 2, 2, 2] { statistics.receive(number) }
    let report = statistics.report(ssrc: 1, at: deadline(0))
    #expect(report?.cumulativeLost == -2)
    #expect(report?.fractionLost == 0)
    #expect(statistics.received == 4)
  }

  @Test func cyclesAreCountedInTheUpperHalf() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    for number in [65_535, 65_537, 65_536] { statistics.receive(number) }
    #expect(statistics.report(ssrc: 1, at: deadline(0))?.highestSequenceNumber == 0x1_0001)
    #expect(statistics.cumulativeLost == 0)
  }

  /// J(i) = J(i-1) + (|D| - J(i-1)) / 16, in ticks: 10 ms are 80 ticks.
  @Test func jitterFollowsTheFormulaOfSection641() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    var jitter = 0.0
    var before: Int64 = 0
    var generator = SeededGenerator(seed: 15)
    for number in 0..<500 {
      let late = Int64.random(in: 0...40, using: &generator)
      statistics.receive(number, late: late)
      if number > 0 { jitter += (Double(abs(late - before)) * 8 - jitter) / 16 }
      before = late
    }
    let reported = Double(statistics.report(ssrc: 1, at: deadline(0))?.jitter ?? 0)
    #expect(jitter > 50)
    #expect(abs(reported - jitter) < 2)
  }

  @Test func anEvenStreamHasNoJitter() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    for number in 0..<1000 { statistics.receive(number, late: 15) }
    #expect(statistics.report(ssrc: 1, at: deadline(0))?.jitter == 0)
  }

  @Test func aSmallJumpIsLossAndALargeOneIsNotCounted() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    statistics.receive(200)
    #expect(statistics.receive(200 + 3000) == true)
    #expect(statistics.cumulativeLost == 2999)
    #expect(statistics.receive(3200 + 3001) == false)
    #expect(statistics.receive(3200 - 100) == true)
    #expect(statistics.receive(3200 - 101) == false)
    #expect(statistics.received == 3)
  }

  @Test func twoInOrderAfterAJumpAreARestart() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    statistics.receive(10)
    #expect(statistics.receive(20_000) == false)
    #expect(statistics.receive(30_000) == false)
    #expect(statistics.receive(30_001) == true)
    #expect(statistics.received == 1)
    #expect(statistics.report(ssrc: 1, at: deadline(0))?.highestSequenceNumber == 30_001)
  }

  @Test func allLostIsAsMuchAsEightBitsCanSay() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    statistics.receive(0)
    _ = statistics.report(ssrc: 1, at: deadline(0))
    statistics.receive(3000)
    #expect(statistics.report(ssrc: 1, at: deadline(0))?.fractionLost == 255)
  }

  @Test func theLastSenderReportIsEchoedWithItsAge() {
    var statistics = ReceptionStatistics(clockRate: clockRate)
    statistics.receive(0)
    #expect(statistics.report(ssrc: 1, at: deadline(0))?.lastSenderReport == 0)
    let report = SenderReport(
      ssrc: 1, ntpTime: NTPTime(rawValue: 0xB44D_B705_2000_0000), rtpTimestamp: 0, packetCount: 0, octetCount: 0)
    statistics.receive(report, at: deadline(1000))
    let block = statistics.report(ssrc: 1, at: deadline(6250))
    #expect(block?.lastSenderReport == 0xB705_2000)
    #expect(block?.delaySinceLastSenderReport == 0x0005_4000)
    #expect(block?.roundTrip(at: NTPTime(rawValue: 0xB44D_B710_8000_0000)) == .milliseconds(6125))
  }

  @Test func anyHeadersAtAnyTimeDoNotTrap() {
    var generator = SeededGenerator(seed: 16)
    var statistics = ReceptionStatistics(clockRate: .max)
    for _ in 0..<10_000 {
      let header = RTPHeader(
        marker: false, payloadType: 0, sequenceNumber: generator.next(), timestamp: generator.next(), ssrc: 1)
      let now = NIODeadline.uptimeNanoseconds(generator.next() >> 1)
      statistics.receive(header, at: now)
      #expect(statistics.report(ssrc: 1, at: now) != nil)
    }
  }
}
