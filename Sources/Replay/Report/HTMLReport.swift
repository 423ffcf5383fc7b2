/// The report for people: one file that needs nothing beside it, and runs no script.
public enum HTMLReport: ReplayReport {
  /// `.html`.
  public static let fileExtension = "html"

  /// In the order of the command line; what differs stands open, what is as it should be is folded.
  public static func render(_ run: ReplayRun) -> String {
    var page = "<!DOCTYPE html>\n"
    Markup.element("html", [("lang", "en")], [head(run), .element("body", body(run))]).write(to: &page)
    return page + "\n"
  }

  private static func head(_ run: ReplayRun) -> Markup {
    .element(
      "head",
      [
        .element("meta", [("charset", "utf-8")], []),
        .element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")], []),
        // Names in a capture are a stranger's: should one get by the writer, a browser would still load and run nothing.
        .element(
          "meta",
          [
            ("http-equiv", "Content-Security-Policy"),
            ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'"),
          ], []),
        .element("title", [], "FlashGate replay: \(Verdict(run).sentence)"),
        .element("style", [ReportStyle.sheet]),
      ])
  }

  private static func body(_ run: ReplayRun) -> [Markup] {
    let verdict = Verdict(run)
    let header = Markup.element(
      "header",
      [
        .element("h1", [], "FlashGate replay report"),
        .element("p", [("class", "verdict \(verdict.isGood ? "same" : "differs")")], verdict.sentence),
      ])
    var number = 0
    let captures = run.captures.map { capture in
      NumberedCapture(
        capture: capture,
        sessions: capture.sessions.map { session in
          number += 1
          return NumberedSession(number: number, session: session)
        })
    }
    let main = [OverviewTable(captures: captures).markup] + captures.map(section)
    return [header, .element("main", main)]
  }

  private static func section(_ numbered: NumberedCapture) -> Markup {
    let capture = numbered.capture
    var children: [Markup] = [.element("h2", [], capture.path)]
    if !capture.notices.isEmpty {
      children.append(.element("p", [], "What of this file could not be taken:"))
      children.append(.element("ul", capture.notices.map { .element("li", [], $0) }))
    }
    if capture.sessions.isEmpty {
      children.append(.element("p", [("class", "verdict differs")], "Nothing in it was replayed."))
    }
    children += numbered.sessions.map { SessionSection(numbered: $0).markup }
    return .element("section", [("class", "capture")], children)
  }
}

/// A session with its number in the report, by which links find it.
struct NumberedSession {
  var number: Int
  var session: SessionOutcome

  /// The id of its section.
  var anchor: String { "session-\(number)" }
}

/// A capture with its numbered sessions.
struct NumberedCapture {
  var capture: CaptureOutcome
  var sessions: [NumberedSession]
}

/// The whole in a sentence.
private struct Verdict {
  let isGood: Bool
  let sentence: String

  init(_ run: ReplayRun) {
    let sessions = run.captures.flatMap(\.sessions)
    let bad = sessions.filter(\.differs).count
    let empty = run.captures.filter(\.sessions.isEmpty).count
    let compared = sessions.filter { $0.golden != nil }.count
    isGood = !run.differs
    let what = sessions.count == 1 ? "1 session" : "\(sessions.count) sessions"
    let lost = empty == 0 ? "" : "; of \(empty == 1 ? "1 capture" : "\(empty) captures") nothing was replayed"
    if bad > 0 {
      sentence = "\(bad) of \(what) \(bad == 1 ? "differs" : "differ")\(lost)"
    } else if compared == 0 {
      sentence = "\(what) replayed, compared with nothing\(lost)"
    } else {
      sentence = "\(what) replayed, \(compared) as the golden results have them\(lost)"
    }
  }
}
