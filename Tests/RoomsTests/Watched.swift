import Synchronization

/// A value that changes on other threads, and that a test waits on.
final class Watched<Value: Sendable>: Sendable {
  private struct Waiter {
    let isMet: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Value, Never>
  }

  private struct State {
    var value: Value
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
  }

  private let state: Mutex<State>

  init(_ value: Value) {
    state = Mutex(State(value: value))
  }

  var value: Value { state.withLock { $0.value } }

  func change(_ change: @Sendable (inout Value) -> Void) {
    let met = state.withLock { state -> [CheckedContinuation<Value, Never>] in
      change(&state.value)
      let met = state.waiters.filter { $0.value.isMet(state.value) }
      for id in met.keys { state.waiters[id] = nil }
      return met.values.map(\.continuation)
    }
    let value = value
    for continuation in met { continuation.resume(returning: value) }
  }

  /// Waits until the value meets the condition; a cancelled test goes on with the value as it is.
  @discardableResult
  func wait(until isMet: @escaping @Sendable (Value) -> Bool) async -> Value {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = state.withLock { state -> Value? in
          if isMet(state.value) || Task.isCancelled { return state.value }
          state.waiters[id] = Waiter(isMet: isMet, continuation: continuation)
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let (waiter, value) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.value) }
      waiter?.continuation.resume(returning: value)
    }
  }
}
