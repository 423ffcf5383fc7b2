/// Writes metrics in Prometheus' text exposition format, version 0.0.4.
struct TextExposition {
  /// The media type that goes with the text.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var text = ""

  mutating func append(_ family: MetricFamily<Counter>, unit: MetricUnit) {
    head(name: family.name, help: family.help, type: "counter")
    for (values, counter) in family.sorted() {
      line(family.name, family.labels, values, Self.number(counter.value, unit))
    }
  }

  mutating func append(_ family: MetricFamily<Gauge>) {
    head(name: family.name, help: family.help, type: "gauge")
    for (values, gauge) in family.sorted() {
      line(family.name, family.labels, values, String(gauge.value))
    }
  }

  mutating func append(_ family: MetricFamily<Histogram>) {
    head(name: family.name, help: family.help, type: "histogram")
    for (values, histogram) in family.sorted() {
      let snapshot = histogram.snapshot()
      let limits = histogram.bounds.map { Self.number($0, .nanoseconds) } + ["+Inf"]
      for (limit, count) in zip(limits, snapshot.cumulative) {
        line(family.name + "_bucket", family.labels + ["le"], values + [limit], String(count))
      }
      line(family.name + "_sum", family.labels, values, Self.number(snapshot.sum, .nanoseconds))
      line(family.name + "_count", family.labels, values, String(snapshot.count))
    }
  }

  mutating func append(_ family: ObservedFamily) {
    head(name: family.name, help: family.help, type: family.kind.rawValue)
    let samples = family.read().filter { $0.labels.count == family.labels.count }
    for sample in samples.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
      let sign = sample.value < 0 ? "-" : ""
      line(family.name, family.labels, sample.labels, sign + Self.number(sample.value.magnitude, family.unit))
    }
  }

  private mutating func head(name: String, help: String, type: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ labels: [String], _ values: [String], _ number: String) {
    text += name
    if !labels.isEmpty {
      let pairs = zip(labels, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(number)\n"
  }

  /// Nanoseconds become decimal seconds by moving the point, not by floating point: no digit is lost at any size.
  static func number(_ value: UInt64, _ unit: MetricUnit) -> String {
    switch unit {
    case .one: return String(value)
    case .nanoseconds:
      let (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
      if rest == 0 { return String(seconds) }
      let digits = String(rest)
      var fraction = Substring(String(repeating: "0", count: 9 - digits.count) + digits)
      while fraction.last == "0" { fraction = fraction.dropLast() }
      return "\(seconds).\(fraction)"
    }
  }

  /// Backslash and line feed are escaped everywhere, the double quote in label values only.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

extension MetricRegistry {
  /// The media type of `exposition()`.
  public static var contentType: String { TextExposition.contentType }
}
