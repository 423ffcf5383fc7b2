/// All sessions in a table, with what came of each.
struct OverviewTable {
  var captures: [NumberedCapture]

  var markup: Markup {
    let head = ["Capture", "Session", "Outcome", "Differences", "Length", "Tracks"]
    let rows = captures.flatMap { capture in
      capture.sessions.isEmpty
        ? [Self.emptyRow(capture.capture)] : capture.sessions.map { Self.row($0, capture.capture) }
    }
    return .element(
      "section",
      [
        .element("h2", [], "Sessions"),
        ReportTable.scrolling(
          "All sessions of this report",
          ReportTable.markup(caption: "All sessions, in the order of the command line", head: head, rows: rows)),
      ])
  }

  private static func row(_ numbered: NumberedSession, _ capture: CaptureOutcome) -> Markup {
    let session = numbered.session
    let link = Markup.element("a", [("href", "#\(numbered.anchor)")], session.result.name)
    let tracks = session.result.tracks.map { "\($0.count)" } ?? "not seen"
    return .element(
      "tr", [("class", session.differs ? "differs" : "same")],
      [
        .element("td", [("class", "path")], capture.path),
        .element("th", [("scope", "row")], [link]),
        .element("td", [("class", "outcome")], session.outcomeWord),
        .element("td", [("class", "number")], "\(session.differences.count)"),
        .element("td", [("class", "number")], ReportText.seconds(microseconds: session.duration)),
        .element("td", [("class", "number")], tracks),
      ])
  }

  private static func emptyRow(_ capture: CaptureOutcome) -> Markup {
    .element(
      "tr", [("class", "differs")],
      [
        .element("td", [("class", "path")], capture.path),
        .element("th", [("scope", "row")], "none"),
        .element("td", [("class", "outcome")], "not replayed"),
        .element("td", [("colspan", "3")], capture.notices.last ?? ""),
      ])
  }
}

extension SessionOutcome {
  /// What came of it, in a word or two.
  var outcomeWord: String {
    if fault != nil { return "not replayed" }
    if differs { return golden == nil ? "no golden result" : "differs" }
    return golden == nil ? "not compared" : "same"
  }
}
