import Glibc

/// Nanoseconds on the machine's monotonic clock.
func monotonicTime() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

/// The monotonic time of a moment that the kernel told in time of day.
func monotonicTime(ofDay time: UInt64) -> UInt64 { time &- dayAhead }

/// How far the time of day is ahead of the monotonic clock; a run is too short for the two to part.
private let dayAhead = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC)

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
