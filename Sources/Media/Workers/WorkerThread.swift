import Glibc

/// A thread that can be joined.
struct WorkerThread: Sendable {
  private let id: pthread_t

  /// Starts `body` on a thread of its own; nil when the system has no thread to give.
  init?(_ body: @escaping @Sendable () -> Void) {
    var id = pthread_t()
    let box = Unmanaged.passRetained(Body(run: body))
    let status = pthread_create(
      &id, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard status == 0 else {
      box.release()
      return nil
    }
    self.id = id
  }

  /// Waits for the end of the thread; a thread that would wait for itself is let go instead.
  func join() {
    if pthread_equal(self.id, pthread_self()) != 0 {
      pthread_detach(self.id)
    } else {
      pthread_join(self.id, nil)
    }
  }

  /// CPU time the calling thread has used, in nanoseconds.
  static func cpuTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
