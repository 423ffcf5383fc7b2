/// In what a session is not as its golden result has it.
struct DifferenceTable {
  var session: SessionOutcome

  /// What is behind these is hardly read by anybody.
  private static let most = 200

  var markup: Markup {
    let differences = session.differences
    let rows = differences.prefix(Self.most).enumerated().map { index, difference in
      let place = ReportText.place(difference.place)
      return Markup.element(
        "tr",
        [
          .element("td", [("class", "number")], "\(index + 1)"),
          .element("th", [("scope", "row")], difference.location),
          facts(difference.expected, of: difference, in: session.golden),
          facts(difference.got, of: difference, in: session.result),
          .element("td", [("class", "number")], place.packet),
          .element("td", [("class", "number")], place.time),
        ])
    }
    let table = ReportTable.markup(
      caption: "Differences, and the packet of the capture in which each began",
      head: ["#", "Where", "Expected", "Got", "Packet", "Time"], rows: rows)
    var children = [ReportTable.scrolling("Differences", table)]
    if differences.count > Self.most {
      children.append(
        .element("p", [], "\(differences.count - Self.most) more are left out here; the JSON report has them."))
    }
    return .element("div", children)
  }

  /// A picture is shown, for nobody reads its digits.
  private func facts(_ text: String?, of difference: ResultDifference, in result: SessionResult?) -> Markup {
    guard case .fingerprint(let id, let codec, let second) = difference.subject,
      let picture = result?.picture(of: id, codec: codec, second: second),
      let image = ReportPicture.image(picture, thumbnail: nil, height: 48, label: "Picture in 8 by 8 blocks")
    else { return ReportTable.facts(text) }
    return .element("td", [image, .element("code", [], "picture \(picture.width)x\(picture.height)")])
  }
}
