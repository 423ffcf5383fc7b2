import NIOCore
import Synchronization

/// So many lines a second about one thing, however often it happens: a flood must not fill the disk, nor cost more than
/// what it is about.
final class LineBudget: Sendable {
  /// Whether a line may be written.
  enum Grant: Equatable {
    /// It may; so many were not written since the last one.
    case write(suppressed: Int)
    case suppress
  }

  private struct State {
    var began: NIODeadline
    var written = 0
    var suppressed = 0
  }

  private let perSecond: Int
  private let state: Mutex<State>

  /// A budget that fills anew each second.
  init(perSecond: Int = 10, now: NIODeadline = .now()) {
    self.perSecond = perSecond
    state = Mutex(State(began: now))
  }

  /// Asks for one line.
  func take(at now: NIODeadline = .now()) -> Grant {
    state.withLock { state in
      if now - state.began >= .seconds(1) {
        state.began = now
        state.written = 0
      }
      guard state.written < perSecond else {
        state.suppressed += 1
        return .suppress
      }
      state.written += 1
      defer { state.suppressed = 0 }
      return .write(suppressed: state.suppressed)
    }
  }
}
