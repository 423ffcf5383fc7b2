import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct ReplayWindowTests {
  /// Against a set of all that came: jumps, steps back, and what is on either side of the window's end.
  @Test(arguments: [64, 128, 1024]) func anIndexIsAdmittedOnce(size: Int) {
    var random = SeededRandom(5)
    var window = ReplayWindow(size: size)
    var seen: Set<UInt64> = []
    var highest: UInt64 = 0
    for _ in 0..<20_000 {
      let reach = UInt64(size)
      let index: UInt64
      switch Int.random(in: 0..<20, using: &random) {
      case 0: index = highest + UInt64.random(in: 1...3 * reach, using: &random)
      case 1...10: index = highest + UInt64.random(in: 1...3, using: &random)
      default: index = highest - min(highest, UInt64.random(in: 0...reach + 2, using: &random))
      }
      let isNew = seen.isEmpty || index > highest || highest - index < reach && !seen.contains(index)
      #expect(window.admits(index) == isNew)
      guard isNew else { continue }
      window.note(index)
      seen.insert(index)
      highest = max(highest, index)
      #expect(window.highest == highest)
      #expect(!window.admits(index))
    }
  }

  @Test func theFirstIndexMayBeAny() {
    for index in [0, 63, 64, UInt64(1) << 48 - 1] {
      var window = ReplayWindow(size: 64)
      #expect(window.admits(index))
      window.note(index)
      #expect(!window.admits(index))
      #expect(window.admits(index + 1))
    }
  }
}
