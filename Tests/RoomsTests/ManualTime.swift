import NIOCore

@testable import Rooms

/// Time that moves when a test says so.
final class ManualTime: Sendable {
  struct State: Sendable {
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// How many wait.
    var waiting = 0
    var deadlines: [NIODeadline] = []
  }

  let state = Watched(State())

  var environment: Environment {
    Environment(
      now: { self.state.value.now },
      wait: { duration in
        let end = self.state.value.now + .nanoseconds(Int64(duration.components.seconds) * 1_000_000_000)
        self.state.change { $0.deadlines.append(end) }
        await self.state.wait { $0.now >= end }
      })
  }

  func advance(_ amount: TimeAmount) {
    state.change { $0.now = $0.now + amount }
  }

  /// Waits until so many waits have begun since the start.
  func waits(_ count: Int) async {
    await state.wait { $0.deadlines.count >= count }
  }
}
