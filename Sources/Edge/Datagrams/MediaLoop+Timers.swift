import NIOCore

extension MediaLoop {
  /// Deadlines are kept to the next multiple of this, so that those of many peers share a wake-up. DTLS asks for 50 ms
  /// at the finest.
  private static let tick: UInt64 = 10_000_000
  /// Sending brings a deadline nearer without anybody asking for it: that of the reports, a second ahead.
  private static let longestSleep = TimeAmount.seconds(1)
  /// Between two bursts of cached pictures to one receiver.
  private static let pace = TimeAmount.milliseconds(4)

  /// One task waits for the peer's nearest deadline; it is replaced only when the deadline comes nearer, so that a
  /// consent that moves with every check does not schedule with every check.
  func rearm(_ peer: Peer) {
    guard peers[peer.id] === peer, let deadline = peer.connection.deadline else { return }
    let wanted = peer.receivers.isEmpty ? deadline : min(deadline, peer.nextAllotment)
    let nearest = min(wanted, .now() + Self.longestSleep).uptimeNanoseconds
    let due = NIODeadline.uptimeNanoseconds((nearest / Self.tick + 1) * Self.tick)
    if let timer = peer.timer, timer.deadline <= due { return }
    peer.timer?.task.cancel()
    // Strong, for a second at most: an object that was ever referenced weakly has its references counted slowly.
    let task = loop.assumeIsolated().scheduleTask(deadline: due) { self.elapsed(peer) }
    peer.timer = (due, task)
  }

  private func elapsed(_ peer: Peer) {
    let now = NIODeadline.now()
    peer.timer = nil
    base.metrics.countRejections(peer)
    if let deadline = peer.connection.deadline, deadline <= now {
      peer.connection.elapsed(at: now, into: arena)
      handleEvents(of: peer, at: now)
      flush()
    }
    if peer.nextAllotment <= now {
      allot(peer, at: now)
      flush()
    }
    rearm(peer)
  }

  private func repeatedly(each interval: TimeAmount, _ work: @escaping @Sendable (MediaLoop) -> Void) -> RepeatedTask {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in work(bound.value) }
  }

  func startPacing() {
    guard pacer == nil else { return }
    pacer = repeatedly(each: Self.pace) { $0.paced() }
  }

  private func paced() {
    let now = NIODeadline.now()
    var more = false
    for receivers in outlets.values {
      for receiver in receivers where receiver.isCatchingUp {
        sendBacklog(of: receiver, at: now)
        more = more || receiver.isCatchingUp
      }
    }
    flush()
    if !more {
      pacer?.cancel()
      pacer = nil
    }
  }
}
