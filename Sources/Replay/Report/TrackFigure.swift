/// A track: when its frames were, and what was seen or heard.
struct TrackFigure {
  var pair: TrackPair
  var session: SessionOutcome

  var markup: Markup {
    var children: [Markup] = [.element("h4", [], "\(pair.id)")]
    if let obstacle = pair.got?.obstacle { children.append(.element("p", [], "Not carried: \(obstacle)")) }
    if pair.got == nil { children.append(.element("p", [("class", "differs")], "It is missing.")) }
    if session.golden != nil, pair.expected == nil {
      children.append(.element("p", [("class", "differs")], "The golden result has no such track."))
    }
    children.append(published)
    for codec in pair.codecs { children += received(as: codec) }
    return .element("section", [("class", "track")], children)
  }

  private var published: Markup {
    let codecs = (pair.got ?? pair.expected)?.codecs.joined(separator: ", then ") ?? ""
    return TimeLineTable(
      caption: "Published: \(codecs)", expected: pair.expected?.input, got: pair.got?.input,
      isCompared: session.golden != nil, differingSeconds: []
    ).markup
  }

  private func received(as codec: String) -> [Markup] {
    let (expected, got) = pair.outputs(codec)
    let manner = (got ?? expected)?.manner.rawValue ?? ""
    let seconds = differingSeconds(codec)
    let table = TimeLineTable(
      caption: "Received: \(codec), \(manner)", expected: expected?.times, got: got?.times,
      isCompared: session.golden != nil, differingSeconds: seconds
    ).markup
    let curve = LevelCurve(
      label: "\(codec) of \(pair.id)", expected: expected?.fingerprints ?? [], got: got?.fingerprints ?? [])
    // Blocks are enough of what is as it should be: a report on hundreds of sessions stays one that opens.
    let thumbnails = session.differs ? session.thumbnails.filter { $0.track == pair.id && $0.codec == codec } : []
    let strip = PictureStrip(
      label: "\(codec) of \(pair.id)", expected: expected?.fingerprints ?? [], got: got?.fingerprints ?? [],
      thumbnails: thumbnails, differing: seconds)
    return [table] + [curve?.markup, strip?.markup].compactMap { $0 }
  }

  private func differingSeconds(_ codec: String) -> Set<Int64> {
    var seconds: Set<Int64> = []
    for difference in session.differences {
      if case .fingerprint(pair.id, codec: codec, let second) = difference.subject { seconds.insert(second) }
    }
    return seconds
  }
}

/// When frames were: the golden result's line above that of what is at hand, on one scale.
struct TimeLineTable {
  var caption: String
  var expected: FrameTimes?
  var got: FrameTimes?
  var isCompared: Bool
  var differingSeconds: Set<Int64>

  var markup: Markup {
    let (begin, end) = span
    let scale = "\(ReportText.seconds(milliseconds: begin)) to \(ReportText.seconds(milliseconds: end))"
    let head = ["", "Frames", "Key frames", "First", "Last", "Largest gap", "Time line, \(scale)"]
    var rows: [Markup] = []
    if isCompared { rows.append(row("Expected", expected, marks: [])) }
    rows.append(row("Got", got, marks: differingSeconds))
    return ReportTable.scrolling(caption, ReportTable.markup(caption: caption, head: head, rows: rows))
  }

  private var span: (begin: Int64, end: Int64) {
    let times = [expected, got].compactMap { $0 }.filter { $0.frames > 0 }
    let begin = times.map(\.first).min() ?? 0
    // A clock that goes back may end before it began.
    let end = times.flatMap { [$0.first, $0.last, $0.gapStart &+ $0.largestGap] }.max() ?? begin
    return (begin, max(end, begin &+ 1))
  }

  private func row(_ title: String, _ times: FrameTimes?, marks: Set<Int64>) -> Markup {
    let head = Markup.element("th", [("scope", "row")], title)
    guard let times else {
      return .element(
        "tr", [("class", "differs")], [head, .element("td", [("colspan", "6"), ("class", "nothing")], "nothing")])
    }
    let isOther = isCompared && title == "Got" && !(expected?.isSame(as: times) ?? false)
    let gap =
      "\(ReportText.seconds(milliseconds: times.largestGap)) at \(ReportText.seconds(milliseconds: times.gapStart))"
    let cells = [
      "\(times.frames)", "\(times.keyFrames)", ReportText.seconds(milliseconds: times.first),
      ReportText.seconds(milliseconds: times.last), gap,
    ]
    return .element(
      "tr", isOther ? [("class", "differs")] : [],
      [head] + cells.map { .element("td", [("class", "number")], $0) }
        + [.element("td", [("class", "line")], [line(times, gap, marks)])])
  }

  private func line(_ times: FrameTimes, _ gap: String, _ marks: Set<Int64>) -> Markup {
    var label =
      "from \(ReportText.seconds(milliseconds: times.first)) to \(ReportText.seconds(milliseconds: times.last)), "
      + "largest gap \(gap)"
    if !marks.isEmpty { label += ", \(marks.count == 1 ? "1 second differs" : "\(marks.count) seconds differ")" }
    var shapes = [bar("frames", times.first, times.last)]
    if times.largestGap > visibleGap(times) {
      shapes.append(bar("gap", times.gapStart, times.gapStart &+ times.largestGap))
    }
    shapes += marks.sorted().prefix(500).map { second in
      let begin = second.multipliedReportingOverflow(by: 1000).partialValue
      return bar("mark", begin, begin &+ 1000)
    }
    return .element(
      "svg",
      [
        ("viewBox", "0 0 \(Self.width) 16"), ("preserveAspectRatio", "none"), ("role", "img"), ("aria-label", label),
        ("class", "timeline"),
      ], shapes)
  }

  /// A gap that is no usual distance between frames.
  private func visibleGap(_ times: FrameTimes) -> Int64 {
    let usual = (times.last &- times.first) / Int64(max(times.frames - 1, 1))
    return max(3 &* max(usual, 0), 250)
  }

  private func bar(_ kind: String, _ from: Int64, _ to: Int64) -> Markup {
    let (begin, end) = span
    let place = { (time: Int64) in
      min(max((Double(time) - Double(begin)) / (Double(end) - Double(begin)), 0), 1) * Double(Self.width)
    }
    let (left, right) = (min(place(from), place(to)), max(place(from), place(to)))
    let (top, height) = kind == "mark" ? ("12", "4") : ("2", "10")
    return .element(
      "rect",
      [
        ("class", kind), ("x", ReportText.coordinate(left)), ("y", top),
        ("width", ReportText.coordinate(max(right - left, 2))), ("height", height),
      ], [])
  }

  private static let width = 600
}
