import BadNetwork
import NIOCore
import Testing

@testable import WebRTC

@Suite struct BadNetworkTests {
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func fivePercentLostInBurstsOnAShakyLineIsNeitherFreezeNorGap(seed: UInt64) throws {
    var conditions = BadLink<ByteBuffer>.Conditions()
    conditions.delay = .milliseconds(80)
    conditions.jitter = .milliseconds(20)
    conditions.loss = 0.05
    conditions.burst = 3
    let viewer = try Viewer(conditions, seed: seed)
    try viewer.run(seconds: 5)
    let (begun, heard) = (viewer.shown.count, viewer.soundsSent)
    try viewer.run(seconds: 30)
    let shown = viewer.shown.suffix(from: begun - 1)
    #expect(shown.count > 700)
    let freeze = zip(shown, shown.dropFirst()).map { $1 - $0 }.max() ?? .max
    #expect(freeze < 500, "stood still for \(freeze) ms")
    // Played a fifth of a second behind the line's delay; what comes later is a gap.
    let played = heard..<viewer.soundsSent - 50
    let gaps = played.count { viewer.soundDelays[$0].map { $0 > 300 } ?? true }
    #expect(gaps * 100 < played.count, "\(gaps) of \(played.count)")
    #expect(viewer.talk.connection.counters.soundRepeated > 0)
  }

  @Test func aLineThatLosesNothingGetsNothingTwice() throws {
    let viewer = try Viewer(BadLink<ByteBuffer>.Conditions(), seed: 1)
    try viewer.run(seconds: 10)
    #expect(viewer.shown.count >= 249)
    #expect(viewer.talk.connection.counters.soundRepeated == 0)
    #expect(viewer.talk.connection.counters.packetsResent == 0)
  }
}
