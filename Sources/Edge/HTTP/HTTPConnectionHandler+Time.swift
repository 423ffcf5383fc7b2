import NIOCore

/// Each phase has its time.
extension HTTPConnectionHandler {
  func arm(after amount: TimeAmount) {
    guard let context else { return }
    arm(at: context.eventLoop.now + amount)
  }

  func arm(at deadline: NIODeadline) {
    guard let context else { return }
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timedOut() }
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
