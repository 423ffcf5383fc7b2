import Dispatch
import Glibc
import NIOCore
import Synchronization

/// An event loop in virtual time, and the executor of the tasks that belong to it: all runs on one thread, in one order.
///
///     ready jobs of tasks -> ready loop tasks -> answers from outside are awaited -> idle: time may move on
///
/// Jobs of tasks go first, so that what the control plane has begun is done before connections go on. Time moves only by
/// ``advance(to:)``, so whoever drives it knows that nothing is left over. Others may enqueue from any thread; what they
/// owe is counted by ``ask(_:)``.
final class VirtualLoop: EventLoop, TaskExecutor, Sendable {
  private struct Timer {
    let deadline: NIODeadline
    let number: UInt64
    let run: @Sendable () -> Void
  }

  private struct State {
    var jobs = CircularBuffer<UnownedJob>()
    var tasks = CircularBuffer<@Sendable () -> Void>()
    /// The nearest one last.
    var timers: [Timer] = []
    var nextNumber: UInt64 = 0
    var now: NIODeadline
    /// Calls that other threads will answer.
    var owed = 0
    var isWaiting = false
  }

  private enum Turn {
    case job(UnownedJob)
    case task(@Sendable () -> Void)
    case wait
    case idle
  }

  private let state: Mutex<State>
  /// The thread that drives the loop; 0 while none does.
  private let driver = Atomic<UInt>(0)
  private let wakeUp = DispatchSemaphore(value: 0)

  /// A loop whose time begins there; far enough from zero for everybody who subtracts.
  init(now: NIODeadline = .uptimeNanoseconds(3_600_000_000_000)) {
    state = Mutex(State(now: now))
  }

  // MARK: Driving

  /// Drives the loop from the calling thread while `body` runs.
  func drive<Result>(_ body: () throws -> Result) rethrows -> Result {
    driver.store(UInt(pthread_self()), ordering: .relaxed)
    defer { driver.store(0, ordering: .relaxed) }
    return try body()
  }

  /// Runs all that is ready, and all that becomes so, until nothing is left to do at this time.
  func settle() {
    while true {
      switch state.withLock({ Self.turn(&$0) }) {
      case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .task(let task): task()
      case .wait: wakeUp.wait()
      case .idle: return
      }
    }
  }

  /// When the nearest timer is due.
  var nextDeadline: NIODeadline? { state.withLock { $0.timers.last?.deadline } }

  /// Moves time on, never back, and makes ready what is due by then.
  func advance(to deadline: NIODeadline) {
    state.withLock { state in
      state.now = max(state.now, deadline)
      while let timer = state.timers.last, timer.deadline <= state.now {
        state.timers.removeLast()
        state.tasks.append(timer.run)
      }
    }
  }

  /// Runs a task to its end, and whatever is ready besides.
  func complete<Success: Sendable>(_ body: @escaping @Sendable () async -> Success) -> Success? {
    let outcome = Outcome<Success>()
    start {
      let success = await self.ask(body)
      outcome.value.withLock { $0 = success }
    }
    settle()
    return outcome.value.withLock { $0 }
  }

  private final class Outcome<Success: Sendable>: Sendable {
    let value = Mutex<Success?>(nil)
  }

  private static func turn(_ state: inout State) -> Turn {
    if let job = state.jobs.popFirst() { return .job(job) }
    if let task = state.tasks.popFirst() { return .task(task) }
    if state.owed == 0 { return .idle }
    state.isWaiting = true
    return .wait
  }

  private func change(_ body: (inout State) -> Void) {
    let wasWaiting = state.withLock { state in
      body(&state)
      defer { state.isWaiting = false }
      return state.isWaiting
    }
    if wasWaiting { wakeUp.signal() }
  }

  // MARK: Tasks

  /// Starts a task that runs here.
  func start(_ body: @escaping @Sendable () async -> Void) {
    Task(executorPreference: self) { await body() }
  }

  /// Calls something that may be answered by another thread: time stands until it is.
  func ask<Answer>(_ body: () async -> Answer) async -> Answer {
    change { $0.owed += 1 }
    defer { change { $0.owed -= 1 } }
    return await body()
  }

  /// Waits in virtual time.
  func sleep(for duration: Duration) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let nanoseconds = duration.components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
      let wait = nanoseconds.overflow ? Int64.max / 4 : nanoseconds.partialValue
      addTimer(at: now + .nanoseconds(wait + duration.components.attoseconds / 1_000_000_000)) { continuation.resume() }
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    change { $0.jobs.append(job) }
  }

  // MARK: EventLoop

  var now: NIODeadline { state.withLock { $0.now } }

  var inEventLoop: Bool { driver.load(ordering: .relaxed) == UInt(pthread_self()) }

  func execute(_ task: @escaping @Sendable () -> Void) { change { $0.tasks.append(task) } }

  func submit<Value>(_ task: @escaping @Sendable () throws -> Value) -> EventLoopFuture<Value> {
    scheduleTask(deadline: now, task).futureResult
  }

  @discardableResult
  func scheduleTask<Value>(
    in delay: TimeAmount, _ task: @escaping @Sendable () throws -> Value
  ) -> Scheduled<Value> { scheduleTask(deadline: now + delay, task) }

  @discardableResult
  func scheduleTask<Value>(
    deadline: NIODeadline, _ task: @escaping @Sendable () throws -> Value
  ) -> Scheduled<Value> {
    let promise = makePromise(of: Value.self)
    let number = addTimer(at: deadline) {
      do {
        promise.assumeIsolated().succeed(try task())
      } catch {
        promise.fail(error)
      }
    }
    return Scheduled(promise: promise) { [weak self] in self?.removeTimer(number) }
  }

  /// What is not done by now is not done any more.
  func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    queue.async { callback(nil) }
  }

  // MARK: Timers

  @discardableResult
  private func addTimer(at deadline: NIODeadline, _ run: @escaping @Sendable () -> Void) -> UInt64 {
    var number: UInt64 = 0
    change { state in
      number = state.nextNumber
      state.nextNumber += 1
      if deadline <= state.now { return state.tasks.append(run) }
      // Few timers run at a time. Equal deadlines keep their order.
      let index = state.timers.firstIndex { $0.deadline <= deadline } ?? state.timers.count
      state.timers.insert(Timer(deadline: deadline, number: number, run: run), at: index)
    }
    return number
  }

  private func removeTimer(_ number: UInt64) {
    state.withLock { $0.timers.removeAll { $0.number == number } }
  }
}
