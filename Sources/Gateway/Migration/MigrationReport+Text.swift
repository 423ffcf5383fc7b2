extension MigrationReport {
  /// The report as tables for a terminal.
  public var text: String {
    var lines = [headline] + summary
    if !participants.isEmpty {
      lines += ["", "Who came by Flash"]
      lines += Self.table(
        ["participant", "last seen", "sessions", "way", "player", "codecs"],
        participants.prefix(Self.mostLines).map { participant in
          [
            participant.who.text, Self.minute(participant.lastSeen), "\(participant.sessions)",
            Self.words(participant.ways), Self.words(participant.players),
            Self.words(participant.video.union(participant.audio)),
          ]
        })
      if participants.count > Self.mostLines { lines.append("and \(participants.count - Self.mostLines) more: --json") }
    }
    lines += ["", "Doors"]
    lines += Self.table(
      ["listener", "protocol", "last used", "sessions", ""],
      doors.map { door in
        [
          door.door.listener, door.door.way, door.lastUsed.map(Self.minute) ?? "never", "\(door.sessions)",
          sentence(door.state),
        ]
      })
    if !blockers.isEmpty {
      lines += ["", "What stands in the way"]
      for blocker in blockers {
        lines.append("\(blocker.kind.sentence) \(blocker.participants.count): \(Self.some(blocker.participants))")
      }
    }
    if !differences.isEmpty {
      lines += ["", "What old servers do and the gateway would not"]
      lines += Self.table(
        ["command", "old server", "gateway", "sessions"],
        differences.map { [$0.what.command, $0.what.old, $0.what.new, "\($0.sessions)"] })
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// `Flash clients from 2026-01-01 to 2026-01-31`
  var headline: String {
    "Flash clients from \(Self.date(window.start)) to \(Self.date(window.now)) (UTC)"
  }

  /// How many came, and how far the record reaches.
  var summary: [String] {
    let counts = spans.map { span in
      "\(count(lastDays: span)) in the last \(span == 1 ? "day" : "\(span) days")"
    }
    let reach: String
    if let since {
      reach =
        "The record reaches back to \(Self.date(since))" + (since > window.start ? ", not over the whole time." : ".")
    } else {
      reach = "There is no record yet."
    }
    return [(counts + ["\(participants.count) in all"]).joined(separator: ", ") + ".", reach]
  }

  /// What an operator may do with a door.
  func sentence(_ state: Door.State) -> String {
    switch state {
    case .inUse: "in use"
    case .safeToClose: "safe to close: nobody came for \(window.length) days"
    case .recordTooShort: "nobody came, but the record is shorter than \(window.length) days"
    }
  }

  static func date(_ time: Int64) -> String { String(LogTime(milliseconds: time).text.prefix(10)) }

  /// `2026-01-31 23:59`
  static func minute(_ time: Int64) -> String {
    String(LogTime(milliseconds: time).text.prefix(16)).replacing("T", with: " ")
  }

  static func words(_ words: Set<String>) -> String { words.sorted().joined(separator: ", ") }

  private static func some(_ names: [String]) -> String {
    names.prefix(8).map(plain).joined(separator: ", ") + (names.count > 8 ? ", ..." : "")
  }

  private static let mostLines = 200

  /// Columns as wide as they must be. What clients said is shown without controls of terminals.
  private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
    let rows = ([head] + rows).map { row in row.map(plain) }
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
      return "  " + cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()
    }
  }

  private static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(64).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "?"
          default: scalar
          }
        }))
  }
}
