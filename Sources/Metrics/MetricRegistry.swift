import Synchronization

/// Every metric of the process, and their text for Prometheus.
///
/// Families are made once at start and handed down to those who count; the registry is asked again only by a scrape.
public final class MetricRegistry: Sendable {
  private enum Family: Sendable {
    case counter(MetricFamily<Counter>, MetricUnit)
    case gauge(MetricFamily<Gauge>)
    case histogram(MetricFamily<Histogram>)
    case observed(ObservedFamily)

    var name: String {
      switch self {
      case .counter(let family, _): family.name
      case .gauge(let family): family.name
      case .histogram(let family): family.name
      case .observed(let family): family.name
      }
    }
  }

  private let families = Mutex<[Family]>([])

  /// A registry without metrics.
  public init() {}

  /// Adds a family of counters. Its name must be new and by custom ends in `_total`.
  public func counter(
    _ name: String, help: String, labels: [String] = [], unit: MetricUnit = .one
  ) -> MetricFamily<Counter> {
    let family = MetricFamily(name: name, help: help, labels: labels, make: { Counter() })
    add(.counter(family, unit))
    return family
  }

  /// Adds a family of gauges. Its name must be new.
  public func gauge(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Gauge> {
    let family = MetricFamily(name: name, help: help, labels: labels, make: { Gauge() })
    add(.gauge(family))
    return family
  }

  /// Adds a family of histograms of times. Its name must be new and by custom ends in `_seconds`.
  /// - Parameter bounds: upper bounds of the buckets in nanoseconds, strictly ascending.
  public func histogram(
    _ name: String, help: String, labels: [String] = [], bounds: [UInt64]
  ) -> MetricFamily<Histogram> {
    let family = MetricFamily(name: name, help: help, labels: labels, make: { Histogram(bounds: bounds) })
    add(.histogram(family))
    return family
  }

  /// Adds a family whose values somebody else already counts: `read` is called at each scrape, on the scraper's thread.
  public func observed(
    _ name: String, help: String, kind: ObservedFamily.Kind, labels: [String] = [], unit: MetricUnit = .one,
    read: @escaping @Sendable () -> [ObservedFamily.Sample]
  ) {
    add(.observed(ObservedFamily(name: name, help: help, kind: kind, labels: labels, unit: unit, read: read)))
  }

  /// All metrics in Prometheus' text format 0.0.4, families in the order in which they were added.
  public func exposition() -> String {
    var text = TextExposition()
    for family in families.withLock({ $0 }) {
      switch family {
      case .counter(let family, let unit): text.append(family, unit: unit)
      case .gauge(let family): text.append(family)
      case .histogram(let family): text.append(family)
      case .observed(let family): text.append(family)
      }
    }
    return text.text
  }

  private func add(_ family: Family) {
    families.withLock { known in
      precondition(!known.contains { $0.name == family.name }, "the metric \(family.name) exists already")
      known.append(family)
    }
  }
}

/// What one step of a counter stands for, and so how the exposition writes it.
public enum MetricUnit: Sendable {
  /// A count of things or bytes, written as it is.
  case one
  /// Counted in nanoseconds, written in seconds.
  case nanoseconds
}

/// A metric that is read where it lives when it is asked for.
public struct ObservedFamily: Sendable {
  /// Whether the value only grows.
  public enum Kind: String, Sendable { case counter, gauge }

  /// One value with its label values.
  public struct Sample: Sendable {
    /// One for each label of the family, in their order.
    public let labels: [String]
    /// The value, in steps of the family's unit.
    public let value: Int64

    /// A value with its label values.
    public init(labels: [String] = [], value: Int64) {
      self.labels = labels
      self.value = value
    }
  }

  let name: String
  let help: String
  let kind: Kind
  let labels: [String]
  let unit: MetricUnit
  let read: @Sendable () -> [Sample]
}
