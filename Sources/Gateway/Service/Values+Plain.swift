import Edge
import Glibc
import NIOCore

extension Duration {
  /// Whole nanoseconds; longer times than an `Int64` holds are cut.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product + attoseconds / 1_000_000_000
  }
}

extension Error {
  /// What went wrong in the system's own words, without the name of the call.
  var plainText: String {
    let code = (self as? ListenerError)?.errnoCode ?? (self as? IOError)?.errnoCode
    guard let code else { return "\(self)" }
    return String(cString: strerror(code))
  }
}
