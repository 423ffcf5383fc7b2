/// Reads numbers with a unit: `250ms`, `10s`, `5m`, `2h`, `400d`; `64KiB`.
enum Quantity {
  /// Milliseconds in each unit of time.
  static let durations: [(unit: String, factor: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]
  /// Bytes in each unit of size.
  static let sizes: [(unit: String, factor: Int64)] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

  /// A time, or nil if the text is none or does not fit.
  static func duration(_ text: String) -> Duration? {
    number(text, units: durations).map { .milliseconds($0) }
  }

  /// A size in bytes, or nil if the text is none or does not fit.
  static func size(_ text: String) -> Int64? {
    number(text, units: sizes)
  }

  /// The shortest text that reads back as this duration, to say a limit in the operator's words.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    let fitting = durations.last { milliseconds % $0.factor == 0 && milliseconds >= $0.factor }
    return fitting.map { "\(milliseconds / $0.factor)\($0.unit)" } ?? "0s"
  }

  private static func number(_ text: String, units: [(unit: String, factor: Int64)]) -> Int64? {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let unit = String(text.utf8.dropFirst(digits.count)) ?? ""
    guard let factor = units.first(where: { $0.unit == unit })?.factor, let count = Int64(Substring(digits)) else {
      return nil
    }
    let (product, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }
}

/// A time with its unit, such as `250ms`, `10s` or `2h`, as the configuration and the command line write it; nil if the
/// text is none.
public func duration(_ text: String) -> Duration? { Quantity.duration(text) }
