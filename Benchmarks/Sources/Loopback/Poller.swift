import CEpoll
import Glibc

/// Something with a descriptor that becomes readable.
protocol Pollable: AnyObject {
  var descriptor: CInt { get }
  func readable(at time: UInt64)
  /// Nothing comes any more; it is not polled again.
  var isOver: Bool { get }
}

/// epoll, for one thread. It holds what it polls.
final class Poller {
  private let descriptor = epoll_create1(0)
  private var members: [CInt: any Pollable] = [:]

  deinit { close(self.descriptor) }

  func add(_ member: any Pollable) {
    self.members[member.descriptor] = member
    var event = epoll_event()
    event.events = epoll_readable
    event.data.fd = member.descriptor
    epoll_ctl(self.descriptor, EPOLL_CTL_ADD, member.descriptor, &event)
  }

  func remove(_ member: any Pollable) {
    self.members[member.descriptor] = nil
    epoll_ctl(self.descriptor, EPOLL_CTL_DEL, member.descriptor, nil)
  }

  /// Serves what is readable, waiting no longer than to `deadline`.
  func poll(until deadline: UInt64) {
    let now = monotonicTime()
    // A millisecond is epoll's finest step: what is due sooner is awaited without sleeping.
    let wait = deadline > now ? (deadline - now) / 1_000_000 : 0
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 128) { events in
      let count = epoll_wait(self.descriptor, events.baseAddress, 128, Int32(min(wait, 100)))
      for event in events.prefix(Int(max(0, count))) {
        guard let member = self.members[event.data.fd] else { continue }
        member.readable(at: monotonicTime())
        if member.isOver { self.remove(member) }
      }
    }
  }
}
