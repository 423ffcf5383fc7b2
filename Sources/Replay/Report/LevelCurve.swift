/// How loud it was and at which pitch, second by second: both results in one drawing, and as figures.
struct LevelCurve {
  private struct Point {
    var second: Int64
    var sound: SoundFingerprint
  }

  private let label: String
  private let expected: [Point]
  private let got: [Point]

  /// Nil where there is no decoded sound.
  init?(label: String, expected: [Fingerprint], got: [Fingerprint]) {
    self.label = label
    self.expected = Self.points(expected)
    self.got = Self.points(got)
    if self.expected.isEmpty && self.got.isEmpty { return nil }
  }

  private static func points(_ fingerprints: [Fingerprint]) -> [Point] {
    fingerprints.prefix(most).compactMap { fingerprint in
      guard case .sound(let sound) = fingerprint.content else { return nil }
      return Point(second: fingerprint.second, sound: sound)
    }
  }

  var markup: Markup {
    let caption = "Level of \(label)" + (expected.isEmpty ? "" : ": expected dashed, got drawn through")
    return .element(
      "figure",
      [
        .element("figcaption", [], caption),
        drawing,
        .element("details", [.element("summary", [], "Sound, second by second"), table]),
      ])
  }

  // MARK: Drawing

  private var span: (first: Double, last: Double) {
    let seconds = (expected + got).map { Double($0.second) }
    let first = seconds.min() ?? 0
    return (first, max(seconds.max() ?? first, first + 1))
  }

  private var drawing: Markup {
    var shapes: [Markup] = [.element("title", [], "Level of \(label), in decibels below full scale")]
    for level in [0, -30, -60, -90] {
      let y = ReportText.coordinate(Self.y(Double(level)))
      let (left, right) = (ReportText.coordinate(Self.left), ReportText.coordinate(Self.width))
      shapes.append(.element("line", [("x1", left), ("x2", right), ("y1", y), ("y2", y), ("class", "grid")], []))
      shapes.append(.element("text", [("x", "0"), ("y", y), ("class", "axis")], "\(level) dB"))
    }
    if !expected.isEmpty { shapes += curve(expected, "expected") }
    shapes += curve(got, "got")
    return .element(
      "svg",
      [("viewBox", "0 -10 \(Int(Self.width)) \(Int(Self.height) + 20)"), ("role", "img"), ("class", "curve")], shapes)
  }

  private func curve(_ points: [Point], _ kind: String) -> [Markup] {
    let places = points.map { (x($0.second), Self.y($0.sound.decibels)) }
    let lines = runs(of: points).map { run in
      let path = run.map {
        "\(ReportText.coordinate(x($0.second))),\(ReportText.coordinate(Self.y($0.sound.decibels)))"
      }
      return Markup.element("polyline", [("class", kind), ("points", path.joined(separator: " "))], [])
    }
    let dots = zip(points, places).map { point, place in
      let words = "\(kind), second \(point.second): \(point.sound.decibels) dB, \(point.sound.hertz) Hz"
      return Markup.element(
        "circle",
        [
          ("class", kind), ("cx", ReportText.coordinate(place.0)), ("cy", ReportText.coordinate(place.1)), ("r", "3"),
        ], [.element("title", [], words)])
    }
    return lines + dots
  }

  /// Seconds that follow each other: no line leads over those in which there was nothing.
  private func runs(of points: [Point]) -> [[Point]] {
    var runs: [[Point]] = []
    for point in points {
      if let last = runs.last?.last, point.second &- last.second == 1 {
        runs[runs.count - 1].append(point)
      } else {
        runs.append([point])
      }
    }
    return runs
  }

  private func x(_ second: Int64) -> Double {
    let (first, last) = span
    return Self.left + 10 + (Double(second) - first) / (last - first) * (Self.width - Self.left - 20)
  }

  private static func y(_ decibels: Double) -> Double { min(max(-decibels / 90, 0), 1) * height }

  // MARK: Figures

  private var table: Markup {
    let seconds = Set((expected + got).map(\.second)).sorted()
    let rows = seconds.map { second in
      let cells = [expected, got].map { points in points.first { $0.second == second } }.flatMap { point in
        [point.map { "\($0.sound.decibels)" } ?? "", point.map { "\($0.sound.hertz)" } ?? ""]
      }
      return Markup.element(
        "tr",
        [.element("th", [("scope", "row")], "\(second)")] + cells.map { .element("td", [("class", "number")], $0) })
    }
    return ReportTable.markup(
      caption: "Level and strongest frequency of \(label)",
      head: ["Second", "Expected dB", "Expected Hz", "Got dB", "Got Hz"], rows: rows)
  }

  private static let left = 60.0, width = 700.0, height = 120.0
  /// Seconds that are drawn.
  private static let most = 900
}
