/// CPU time of one thread by what it was spent on.
///
/// The kernel's clock of a thread is a system call and costs as much as half of the work on a small job, so it is read only
/// where the kind of work changes, and now and then in between.
struct TimeMeter {
  private let spend: (TranscodeLabel, UInt64) -> Void
  private var running: (label: TranscodeLabel, since: UInt64, jobs: Int)?

  /// - Parameter spend: told of CPU time in nanoseconds.
  init(_ spend: @escaping (TranscodeLabel, UInt64) -> Void) { self.spend = spend }

  /// What the thread does from here on counts as `label`.
  mutating func begin(_ label: TranscodeLabel) {
    if let running, running.label == label, running.jobs < Self.most {
      self.running?.jobs += 1
      return
    }
    let now = WorkerThread.cpuTime()
    self.close(at: now)
    self.running = (label, now, 1)
  }

  /// What the thread does from here on counts as nothing.
  mutating func end() {
    guard self.running != nil else { return }
    self.close(at: WorkerThread.cpuTime())
    self.running = nil
  }

  private func close(at now: UInt64) {
    if let running = self.running { self.spend(running.label, now - min(now, running.since)) }
  }

  /// Jobs of one kind until its time is told all the same.
  private static let most = 64
}
