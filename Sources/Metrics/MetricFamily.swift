import Synchronization

/// All series of one metric name: one `Counter`, `Gauge` or `Histogram` for each set of label values.
///
/// Looking a series up takes a lock and belongs on the control path (a session begins, a track is made); whoever counts
/// on the data path keeps the series it was given and adds to that without any lock.
public final class MetricFamily<Series: Sendable>: Sendable {
  /// Metric name in Prometheus' alphabet.
  public let name: String
  /// One line of text for people.
  public let help: String
  /// Label names, in the order in which values are given.
  public let labels: [String]
  /// How many different label sets are kept. The next ones share one series whose labels all say `other`, so that
  /// what a peer sends can never fill the memory by way of a label.
  public let maximumSeries: Int

  private let series = Mutex<[[String]: Series]>([:])
  private let make: @Sendable () -> Series

  init(
    name: String, help: String, labels: [String], maximumSeries: Int = 1000, make: @escaping @Sendable () -> Series
  ) {
    precondition(MetricName.isValid(name), "not a metric name: \(name)")
    precondition(labels.allSatisfy(MetricName.isValidLabel), "not a label name among \(labels)")
    self.name = name
    self.help = help
    self.labels = labels
    self.maximumSeries = maximumSeries
    self.make = make
    // A family without labels is one series, and it is there from the start: rates need its zero.
    if labels.isEmpty { series.withLock { $0[[]] = make() } }
  }

  /// The series with these label values, made at first use.
  /// - Parameter values: one for each of `labels`, in their order.
  public func series(_ values: [String]) -> Series {
    precondition(values.count == labels.count, "\(name) takes the labels \(labels), got \(values)")
    return series.withLock { known in
      if let found = known[values] { return found }
      let key = known.count < maximumSeries ? values : labels.map { _ in "other" }
      if let found = known[key] { return found }
      let new = make()
      known[key] = new
      return new
    }
  }

  /// The series with these label values, made at first use.
  public func callAsFunction(_ values: String...) -> Series {
    series(values)
  }

  /// Forgets the series with these label values: what it stood for is no more. Whoever still has it counts for nobody.
  public func remove(_ values: String...) {
    guard !labels.isEmpty else { return }
    series.withLock { _ = $0.removeValue(forKey: values) }
  }

  /// All series, sorted by label values so that two scrapes compare line by line.
  func sorted() -> [(values: [String], series: Series)] {
    series.withLock { known in known.map { (values: $0.key, series: $0.value) } }
      .sorted { $0.values.lexicographicallyPrecedes($1.values) }
  }
}

/// The alphabet of names in the exposition format.
enum MetricName {
  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
  static func isValid(_ name: String) -> Bool {
    isWord(name) { $0 == UInt8(ascii: ":") }
  }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not one of the names that start with two underscores: these are Prometheus' own.
  static func isValidLabel(_ name: String) -> Bool {
    !name.hasPrefix("__") && isWord(name) { _ in false }
  }

  private static func isWord(_ name: String, alsoAllowed: (UInt8) -> Bool) -> Bool {
    for (index, byte) in name.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): continue
      case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
      case let other where alsoAllowed(other): continue
      default: return false
      }
    }
    return !name.isEmpty
  }
}
