/// What both sides said, the golden result beside what is at hand.
struct ConversationTable {
  var session: SessionOutcome

  /// Lines of a side that are shown.
  private static let most = 300

  var markup: Markup {
    let differs = session.differences.contains { difference in
      if case .conversation = difference.subject { return true }
      return difference.subject == .end
    }
    let tables = [ConversationLine.Side.client, .gateway].map(table)
    let summary = Markup.element("summary", [], "What was said")
    return .element("details", differs ? [("open", "")] : [], [summary] + tables + [ends])
  }

  private func table(_ side: ConversationLine.Side) -> Markup {
    let count = session.result.conversation.filter { $0.side == side }.count
    let pairs = paired(side)
    let rows = pairs.map { pair in
      let place = ReportText.place(pair.got?.place)
      let cells = session.golden == nil ? [Self.cell(pair.got)] : [Self.cell(pair.expected), Self.cell(pair.got)]
      return Markup.element(
        "tr", pair.differs ? [("class", "differs")] : [],
        cells + [
          .element("td", [("class", "number")], place.packet), .element("td", [("class", "number")], place.time),
        ])
    }
    let head = (session.golden == nil ? ["Message"] : ["Expected", "Got"]) + ["Packet", "Time"]
    let caption = side == .client ? "What the client said" : "What the gateway answered"
    guard !rows.isEmpty else { return .element("p", [("class", "nothing")], "\(caption): nothing") }
    var children = [ReportTable.scrolling(caption, ReportTable.markup(caption: caption, head: head, rows: rows))]
    if count > Self.most {
      children.append(.element("p", [], "\(count - Self.most) more are left out here; the JSON report has them."))
    }
    return .element("div", children)
  }

  private var ends: Markup {
    let got = "It ended by the \(session.result.end.text)."
    guard let golden = session.golden, golden.end.text != session.result.end.text else { return .element("p", [], got) }
    return .element("p", [("class", "differs")], "\(got) Expected: by the \(golden.end.text).")
  }

  private static func cell(_ line: ConversationLine?) -> Markup {
    guard let line else { return ReportTable.facts(nil) }
    let details = line.details.map { Markup.element("span", [("class", "detail")], $0) }
    return .element("td", [.element("code", [.element("b", [], line.headline)] + details)])
  }

  /// Both results' lines of a side, side by side, by what the comparison found missing, too much or different.
  private func paired(
    _ side: ConversationLine.Side
  ) -> [(expected: ConversationLine?, got: ConversationLine?, differs: Bool)] {
    let got = session.result.conversation.filter { $0.side == side }.prefix(Self.most)
    guard let golden = session.golden else { return got.map { (nil, $0, false) } }
    let expected = golden.conversation.filter { $0.side == side }.prefix(Self.most)
    var pairs: [(expected: ConversationLine?, got: ConversationLine?, differs: Bool)] = []
    var (mine, theirs) = (expected, got)
    while !mine.isEmpty || !theirs.isEmpty {
      if let line = mine.first, let answer = theirs.first, line.saysSame(as: answer) {
        pairs.append((mine.removeFirst(), theirs.removeFirst(), false))
      } else if let answer = theirs.first, !mine.contains(where: { $0.saysSame(as: answer) }),
        shares(mine.first, theirs)
      {
        pairs.append((nil, theirs.removeFirst(), true))
      } else if let line = mine.first, !theirs.contains(where: { $0.saysSame(as: line) }), shares(theirs.first, mine) {
        pairs.append((mine.removeFirst(), nil, true))
      } else {
        pairs.append((mine.popFirst(), theirs.popFirst(), true))
      }
    }
    return pairs
  }

  /// Whether the line comes later on the other side.
  private func shares(_ line: ConversationLine?, _ others: ArraySlice<ConversationLine>) -> Bool {
    guard let line else { return true }
    return others.contains { $0.saysSame(as: line) }
  }
}
