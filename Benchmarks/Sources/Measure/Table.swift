import Foundation

/// What is printed: a Markdown table, one line a figure.
enum Table {
  static func begin() {
    print("| what | measured | compared with | ratio |")
    print("| --- | --- | --- | --- |")
  }

  /// - Parameter count: how many of `unit` one run does.
  static func add(_ name: String, _ reading: Stopwatch.Reading, count: Int, unit: String, note: String = "") {
    let own = "\(self.time(reading.seconds / Double(count))) per \(unit)\(note)"
    if reading.others.isEmpty { print("| \(name) | \(own) | | |") }
    defer { fflush(nil) }
    for other in reading.others {
      let others = "\(other.name): \(self.time(other.seconds / Double(count)))"
      print("| \(name) | \(own) | \(others) | \(self.number(other.ratio)) |")
    }
  }

  static func number(_ value: Double) -> String {
    String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f", value)
  }

  private static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-6: "\(self.number(seconds * 1e9)) ns"
    case ..<1e-3: "\(self.number(seconds * 1e6)) us"
    default: "\(self.number(seconds * 1e3)) ms"
    }
  }
}
