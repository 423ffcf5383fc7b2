import Glibc

/// The time of a log line: RFC 3339 in UTC with milliseconds.
struct LogTime: Sendable, Equatable {
  /// Since 1970-01-01 00:00 UTC.
  let milliseconds: Int64

  init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// A time in whole seconds; one that no `Int64` of milliseconds holds is cut.
  init(seconds: Int64) {
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    self.milliseconds = overflow ? (seconds < 0 ? .min : .max) : milliseconds
  }

  /// Whole seconds, cut.
  var seconds: Int64 { milliseconds / 1000 }

  /// The time now, by the system's clock.
  static func now() -> LogTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return LogTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// `2026-01-31T23:59:59.999Z`
  var text: String {
    var seconds = time_t(milliseconds.flooredQuotient(dividingBy: 1000))
    var calendar = tm()
    guard gmtime_r(&seconds, &calendar) != nil else { return "-" }
    func digits(_ number: Int32, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let date = "\(digits(calendar.tm_year + 1900, 4))-\(digits(calendar.tm_mon + 1, 2))-\(digits(calendar.tm_mday, 2))"
    let time = "\(digits(calendar.tm_hour, 2)):\(digits(calendar.tm_min, 2)):\(digits(calendar.tm_sec, 2))"
    let rest = Int32(milliseconds - Int64(seconds) * 1000)
    return "\(date)T\(time).\(digits(rest, 3))Z"
  }
}

extension Int64 {
  /// Rounds towards the past, also before 1970.
  fileprivate func flooredQuotient(dividingBy divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
