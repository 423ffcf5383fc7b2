import Glibc

/// A POSIX semaphore: the one place where a worker sleeps.
final class WakeUp: Sendable {
  // The semaphore is made for use by many threads; the pointer itself never changes.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    self.semaphore = .allocate(capacity: 1)
    sem_init(self.semaphore, 0, 0)
  }

  deinit {
    sem_destroy(self.semaphore)
    self.semaphore.deallocate()
  }

  func post() { sem_post(self.semaphore) }

  /// Sleeps until posted; a signal handler in between is no reason to return.
  func wait() {
    while sem_wait(self.semaphore) != 0 {}
  }
}
