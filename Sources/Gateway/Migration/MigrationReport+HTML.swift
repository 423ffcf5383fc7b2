extension MigrationReport {
  /// The report as one page that needs nothing beside it: no script, no address.
  public var html: String {
    var page = Self.head
    page += "<h1>\(Self.escaped(headline))</h1>\n"
    page += summary.map { "<p>\(Self.escaped($0))</p>\n" }.joined()
    page += "<h2>How many each day</h2>\n" + chart + trendTable
    page += "<h2>Who came by Flash</h2>\n" + participantTable
    page += "<h2>Doors</h2>\n" + doorTable
    page += "<h2>What stands in the way</h2>\n" + blockerList
    if !differences.isEmpty { page += "<h2>What old servers do and the gateway would not</h2>\n" + differenceTable }
    return page + "</main>\n</body>\n</html>\n"
  }

  private var participantTable: String {
    let rows = participants.map { participant in
      [
        participant.who.room ?? "", participant.who.name ?? participant.who.address ?? "",
        Self.minute(participant.lastSeen), "\(participant.sessions)", Self.words(participant.ways),
        Self.words(participant.players), Self.words(participant.video), Self.words(participant.audio),
        Self.words(participant.tls),
      ]
    }
    let note = isTruncated ? "<p>There were more; the latest are listed.</p>\n" : ""
    return note
      + Self.table(
        "Participants that came by Flash, the latest first",
        ["Room", "Name or address", "Last seen", "Sessions", "Way", "Player", "Pictures", "Sound", "TLS"], rows,
        empty: "Nobody came by Flash.")
  }

  private var doorTable: String {
    Self.table(
      "Doors for Flash clients, and whether anybody needs them",
      ["Listener", "Protocol", "Last used", "Last denied", "Sessions", "Verdict"],
      doors.map { door in
        [
          door.door.listener, door.door.way, door.lastUsed.map(Self.minute) ?? "never",
          door.lastTried.map(Self.minute) ?? "never", "\(door.sessions)", sentence(door.state),
        ]
      }, empty: "The configuration opens no door for Flash.")
  }

  private var blockerList: String {
    guard !blockers.isEmpty else { return "<p>Nothing that the record tells of.</p>\n" }
    let items = blockers.map { blocker in
      let names = blocker.participants.prefix(50).map { "<code>\(Self.escaped($0))</code>" }.joined(separator: ", ")
      let more = blocker.participants.count > 50 ? ", and \(blocker.participants.count - 50) more" : ""
      return "<li>\(Self.escaped(blocker.kind.sentence)) \(blocker.participants.count): \(names)\(more)</li>\n"
    }
    return "<ul>\n\(items.joined())</ul>\n"
  }

  private var differenceTable: String {
    Self.table(
      "Differences between old servers and the gateway", ["Command", "Old server", "Gateway", "Sessions", "Last seen"],
      differences.map { [$0.what.command, $0.what.old, $0.what.new, "\($0.sessions)", Self.minute($0.lastSeen)] },
      empty: "")
  }

  private var trendTable: String {
    "<details><summary>The figures</summary>\n"
      + Self.table(
        "Participants and sessions by day (UTC)", ["Day", "Flash participants", "Flash sessions", "Browser sessions"],
        trend.map { [$0.text, "\($0.participants)", "\($0.flashSessions)", "\($0.browserSessions)"] }, empty: "")
      + "</details>\n"
  }

  /// Bars of Flash participants; the table behind it says the same.
  private var chart: String {
    let most = max(1, trend.map(\.participants).max() ?? 1)
    let bars = trend.enumerated().map { index, day in
      let height = day.participants * 100 / most
      return """
        <rect x="\(index * 12)" y="\(110 - height)" width="10" height="\(height)">\
        <title>\(day.text): \(day.participants)</title></rect>

        """
    }
    let label = "Flash participants by day, at most \(most)"
    return """
      <svg role="img" aria-label="\(label)" viewBox="0 0 \(max(1, trend.count) * 12) 112" preserveAspectRatio="none">
      \(bars.joined())<line x1="0" y1="111" x2="\(trend.count * 12)" y2="111"/></svg>

      """
  }

  private static func table(_ caption: String, _ head: [String], _ rows: [[String]], empty: String) -> String {
    guard !rows.isEmpty else { return "<p>\(escaped(empty))</p>\n" }
    let heads = head.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
    let body = rows.map { row in "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n" }.joined()
    return """
      <table>
      <caption>\(escaped(caption))</caption>
      <thead><tr>\(heads)</tr></thead>
      <tbody>
      \(body)</tbody>
      </table>

      """
  }

  /// Names and players are the clients' own words.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Flash migration report</title>
    <style>
    :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: .25rem 0; opacity: .75; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; }
    td { overflow-wrap: anywhere; }
    svg { width: 100%; height: 8rem; } rect { fill: #2a6fb5; } line { stroke: currentColor; }
    code { font: inherit; background: #8882; padding: 0 .25rem; }
    </style>
    </head>
    <body>
    <main>

    """
}
