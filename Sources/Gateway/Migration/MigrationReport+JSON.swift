extension MigrationReport {
  /// The document of `GET /api/v1/migration` (docs/operations.md).
  public var json: JSON {
    [
      "generatedAt": .time(window.now), "days": .integer(window.length), "recordedSince": .time(since),
      "truncated": .boolean(isTruncated),
      "counts": .array(
        spans.map { ["days": .integer($0), "participants": .integer(count(lastDays: $0))] as JSON }),
      "participants": .array(participants.map(\.json)),
      "doors": .array(doors.map(\.json)),
      "blockers": .array(
        blockers.map { blocker in
          [
            "kind": .string(blocker.kind.rawValue), "text": .string(blocker.kind.sentence),
            "participants": .array(blocker.participants.map { .string($0) }),
          ] as JSON
        }),
      "differences": .array(differences.map(\.json)),
      "trend": .array(
        trend.map { day in
          [
            "day": .string(day.text), "participants": .integer(day.participants),
            "flashSessions": .integer(day.flashSessions), "browserSessions": .integer(day.browserSessions),
          ] as JSON
        }),
    ]
  }
}

extension MigrationReport.Participant {
  fileprivate var json: JSON {
    [
      "room": who.room.map { .string($0) } ?? .null, "name": who.name.map { .string($0) } ?? .null,
      "addresses": .list(addresses), "firstSeen": .time(firstSeen), "lastSeen": .time(lastSeen),
      "sessions": .integer(sessions), "ways": .list(ways), "players": .list(players), "tls": .list(tls),
      "audio": .list(audio), "video": .list(video), "shadowed": .boolean(marks.contains(.isShadowed)),
    ]
  }
}

extension MigrationReport.Door {
  fileprivate var json: JSON {
    [
      "listener": .string(door.listener), "protocol": .string(door.way), "lastUsed": .time(lastUsed),
      "lastDenied": .time(lastTried), "sessions": .integer(sessions), "state": .string(state.rawValue),
    ]
  }
}

extension MigrationReport.Difference {
  fileprivate var json: JSON {
    [
      "command": .string(what.command), "old": .string(what.old), "new": .string(what.new),
      "sessions": .integer(sessions), "participants": .array(participants.map { .string($0) }),
      "lastSeen": .time(lastSeen),
    ]
  }
}

extension MigrationReport.Day {
  /// `2026-01-31`
  var text: String { String(LogTime(milliseconds: day * MigrationWindow.day).text.prefix(10)) }
}

extension JSON {
  fileprivate static func time(_ milliseconds: Int64?) -> JSON {
    milliseconds.map { .string(LogTime(milliseconds: $0).text) } ?? .null
  }

  fileprivate static func list(_ words: Set<String>) -> JSON { .array(words.sorted().map { .string($0) }) }
}
