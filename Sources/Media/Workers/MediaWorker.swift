import NIOCore
import Synchronization

/// One thread of the pool with the lanes that live on it.
///
/// Lanes with work take turns job by job, so that a heavy lane delays the others by one job and not by its queue.
/// The lock covers the queues only; it is never held while a job runs.
final class MediaWorker: Sendable {
  private struct State {
    var lanes: [LaneID: LaneQueue] = [:]
    /// Lanes with work, in the order of their turns.
    var ready = CircularBuffer<LaneID>()
    /// The lane whose job runs now; it goes back into `ready` by itself.
    var running: LaneID?
    /// Lanes closed since the worker last looked.
    var closed: [LaneID] = []
    var weight = 0
    var isAsleep = false
    var isStopping = false
  }

  private enum Turn {
    case run(LaneID, LaneQueue.Job)
    case forget([LaneID])
    /// Nothing can be given to the process before it has answered.
    case await
    case sleep
    case stop
  }

  private let place: CodecPlace
  private let state: Mutex<State>
  /// The lanes' states where there is no thread of the worker's own.
  private let lent = Mutex(LaneStates(host: CodecHost()))
  private let spent = Mutex([TranscodeLabel: UInt64]())
  private let wakeUp = WakeUp()

  init(place: CodecPlace) {
    self.place = place
    var state = State()
    // Without a thread, whoever submits wakes the worker up.
    if case .caller = place { state.isAsleep = true }
    self.state = Mutex(state)
  }

  /// Sum of the weights of the lanes that live here.
  var weight: Int { self.state.withLock { $0.weight } }

  /// CPU time of finished jobs in nanoseconds.
  var cpuTime: [TranscodeLabel: UInt64] { self.spent.withLock { $0 } }

  func open(_ lane: LaneID, limits: LaneLimits, weight: Int) {
    self.state.withLock { state in
      if state.isStopping { return }
      state.weight += weight
      state.lanes[lane] = LaneQueue(limits: limits, weight: weight)
    }
  }

  func close(_ lane: LaneID) {
    // Jobs may hold the last of something whose end closes a lane in turn: they are let go of outside of the lock.
    _ = self.change { state -> LaneQueue? in
      guard let queue = state.lanes.removeValue(forKey: lane) else { return nil }
      state.weight -= queue.weight
      state.closed.append(lane)
      return queue
    }
  }

  func submit(_ job: LaneQueue.Job, to lane: LaneID) -> LaneAdmission {
    self.change { state in
      guard let wasEmpty = state.lanes[lane]?.isEmpty, let admission = state.lanes[lane]?.append(job) else {
        return .closed
      }
      if wasEmpty, state.running != lane, case .accepted = admission { state.ready.append(lane) }
      return admission
    }
  }

  /// Drops all that waits and ends `run`.
  func stop() {
    _ = self.change { state in
      defer { state.lanes.removeAll() }
      state.isStopping = true
      state.ready.removeAll()
      return state.lanes
    }
  }

  /// The body of the thread.
  func run() {
    let link = self.makeLink()
    // The link's commands hold on to lanes' states, and these to the link.
    defer { link?.stop() }
    var states = LaneStates(host: CodecHost(link: link))
    var meter = self.makeMeter()
    while true {
      let (isFull, isWaiting) = (link?.isFull ?? false, link?.isWaiting ?? false)
      switch self.state.withLock({ Self.turn(&$0, isFull: isFull, isWaiting: isWaiting) }) {
      case .run(let lane, let job): self.run(job, of: lane, on: &states, &meter)
      case .forget(let lanes): for lane in lanes { states.remove(lane) }
      case .await:
        meter.end()
        link?.exchange()
      case .sleep:
        meter.end()
        link?.flush()
        self.wakeUp.wait()
      case .stop: return meter.end()
      }
    }
  }

  private func run(
    _ job: LaneQueue.Job, of lane: LaneID, on states: inout LaneStates, _ meter: inout TimeMeter
  ) {
    meter.begin(job.label)
    job.run(&states)
    self.state.withLock { state in
      state.running = nil
      if state.lanes[lane]?.isEmpty == false { state.ready.append(lane) }
    }
  }

  /// Does on the calling thread all that there is to do. What jobs submit meanwhile is done too.
  private func runOnCaller() {
    self.lent.withLock { states in
      var meter = self.makeMeter()
      defer { meter.end() }
      while true {
        switch self.state.withLock({ Self.turn(&$0, isFull: false, isWaiting: false) }) {
        case .run(let lane, let job): self.run(job, of: lane, on: &states, &meter)
        case .forget(let lanes): for lane in lanes { states.remove(lane) }
        case .stop: return states.removeAll()
        case .await, .sleep: return
        }
      }
    }
  }

  private func makeLink() -> WorkerLink? {
    guard case .processes(let program, let report) = self.place else { return nil }
    return WorkerLink(program, report: report) { label, time in self.spend(label, time) }
  }

  private func makeMeter() -> TimeMeter { TimeMeter { label, time in self.spend(label, time) } }

  private func spend(_ label: TranscodeLabel, _ time: UInt64) {
    self.spent.withLock { $0[label, default: 0] += time }
  }

  private static func turn(_ state: inout State, isFull: Bool, isWaiting: Bool) -> Turn {
    if !state.closed.isEmpty {
      defer { state.closed.removeAll() }
      return .forget(state.closed)
    }
    if state.isStopping { return .stop }
    while !isFull, let lane = state.ready.popFirst() {
      guard let job = state.lanes[lane]?.popFirst() else { continue }
      state.running = lane
      return .run(lane, job)
    }
    if isWaiting { return .await }
    state.isAsleep = true
    return .sleep
  }

  /// Changes the queues and wakes the thread if it sleeps; it looks at everything before it sleeps again.
  private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    let (result, mustWake) = self.state.withLock { state in
      let result = body(&state)
      defer { state.isAsleep = false }
      return (result, state.isAsleep)
    }
    if mustWake {
      if case .caller = self.place { self.runOnCaller() } else { self.wakeUp.post() }
    }
    return result
  }
}
