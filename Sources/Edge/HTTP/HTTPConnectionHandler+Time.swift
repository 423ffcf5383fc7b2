import NIOCore

/// Each phase has its time.
extension HTTPConnectionHandler {
  func arm(after amount: TimeAmount) {
    guard let context else { return }
    arm(at: context.eventLoop.now + amount)
  }

  /// Phases follow each other by the thousand a second on a tunnel's connection. So the loop's task stays where it is
  /// as long as it comes early enough, and looks then whether the time has come.
  func arm(at deadline: NIODeadline) {
    self.deadline = deadline
    if let timer, timer.fires <= deadline { return }
    timer?.task.cancel()
    schedule(at: deadline)
  }

  func disarm() {
    deadline = nil
    timer?.task.cancel()
    timer = nil
  }

  private func schedule(at time: NIODeadline) {
    guard let context else { return }
    timer = (time, context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.timerFired() })
  }

  private func timerFired() {
    timer = nil
    guard let context, let deadline else { return }
    guard deadline <= context.eventLoop.now else { return schedule(at: deadline) }
    self.deadline = nil
    timedOut()
  }

  private func timedOut() {
    switch phase {
    case .waiting:
      close(answered > 0 ? .idle : .handshakeTimeout)
    case .readingHead, .readingBody:
      door?.note(.requestTimeout)
      if let output = reader.fail(ProblemDocument(status: .requestTimeout)) { take(output) }
    case .responding(let received, let task, _):
      task?.cancel()
      let problem = ProblemDocument(status: .serviceUnavailable, detail: "the answer took too long")
      write(problem.response(), to: received, then: .linger)
    case .writing:
      close(.writeTimeout)
    case .lingering:
      close(.finished)
    case .ended:
      break
    }
  }
}
