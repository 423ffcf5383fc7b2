/// Tables as all of them are in a report.
enum ReportTable {
  /// A table whose caption says what it is of.
  static func markup(caption: String, head: [String], rows: [Markup]) -> Markup {
    let cells = head.map { title in
      Markup.element("th", [("scope", "col")] + (ofNumbers.contains(title) ? [("class", "number")] : []), title)
    }
    return .element(
      "table",
      [
        .element("caption", [], caption), .element("thead", [.element("tr", cells)]), .element("tbody", rows),
      ])
  }

  /// What may be wider than the page: it can be scrolled, with the keyboard, too.
  static func scrolling(_ label: String, _ content: Markup) -> Markup {
    .element("div", [("class", "wide"), ("role", "region"), ("aria-label", label), ("tabindex", "0")], [content])
  }

  /// Headings of columns whose cells are numbers: both stand at the right.
  private static let ofNumbers: Set = [
    "#", "Differences", "Length", "Tracks", "Packet", "Time", "Frames", "Key frames", "First", "Last", "Largest gap",
    "Expected dB", "Expected Hz", "Got dB", "Got Hz",
  ]

  /// A cell with facts as they stand in a result; a dash where there are none.
  static func facts(_ text: String?) -> Markup {
    guard let text else { return .element("td", [("class", "nothing")], "nothing") }
    return .element("td", [.element("code", [], text)])
  }
}

/// Numbers as people read them.
enum ReportText {
  /// `12.345 s`.
  static func seconds(milliseconds: Int64) -> String {
    let size = milliseconds.magnitude
    let fraction = size % 1000
    let zeros = fraction < 10 ? "00" : fraction < 100 ? "0" : ""
    return "\(milliseconds < 0 ? "-" : "")\(size / 1000).\(zeros)\(fraction) s"
  }

  /// The same of microseconds.
  static func seconds(microseconds: Int64) -> String { seconds(milliseconds: microseconds / 1000) }

  /// A coordinate with a tenth; no number of a drawing depends on the machine's locale.
  static func coordinate(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e9 else { return "0" }
    let tenths = Int64((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  /// Where in the capture something is.
  static func place(_ place: CapturePlace?) -> (packet: String, time: String) {
    guard let place else { return ("", "") }
    return ("\(place.packet)", seconds(milliseconds: place.milliseconds))
  }
}
