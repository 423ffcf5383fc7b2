import NIOCore

extension Duration {
  /// Whole nanoseconds; longer times than an `Int64` holds are cut.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product + attoseconds / 1_000_000_000
  }
}

extension SocketAddress {
  /// `ADDRESS:PORT`, IPv6 in brackets.
  var plainText: String {
    let host = ipAddress ?? ""
    return (host.contains(":") ? "[\(host)]" : host) + ":\(port ?? 0)"
  }
}
