import Logging

/// One event of the log on its way to be written, without secrets.
struct LogLine {
  /// The fields that name what a line is about come first and in this order; the others follow by name.
  private static let leading = ["session", "address", "room", "reason"]

  let time: LogTime
  let level: Logger.Level
  let message: String
  let fields: [(name: String, value: String)]

  init(time: LogTime, level: Logger.Level, message: String, metadata: Logger.Metadata) {
    self.time = time
    self.level = level
    self.message = Redaction.redact(message)
    let names =
      Self.leading.filter { metadata[$0] != nil } + metadata.keys.filter { !Self.leading.contains($0) }.sorted()
    fields = names.compactMap { name in
      metadata[name].map { (name, Redaction.isSecret(name: name) ? "***" : Redaction.redact($0.description)) }
    }
  }

  /// For people: time, level, message, then `name=value`; values with white space or signs stand in quotes.
  var text: String {
    let level = self.level.rawValue.uppercased()
    var line = "\(time.text) \(level)\(String(repeating: " ", count: max(1, 9 - level.count)))"
    // A message is one line: what it quotes from outside may hold line ends and terminal controls.
    line += Self.isPlain(message, spaces: true) ? message : Self.quoted(message)
    for (name, value) in fields {
      line += " \(name)=\(Self.isPlain(value, spaces: false) ? value : Self.quoted(value))"
    }
    return line + "\n"
  }

  /// One JSON object: `time`, `level`, `message`, then the fields as strings.
  var json: String {
    var members = [
      JSON.Member("time", .string(time.text)), JSON.Member("level", .string(level.rawValue)),
      JSON.Member("message", .string(message)),
    ]
    let taken = members.map(\.name)
    for (name, value) in fields {
      members.append(JSON.Member(taken.contains(name) ? "_" + name : name, .string(value)))
    }
    return JSON.object(members).text + "\n"
  }

  private static func quoted(_ text: String) -> String {
    var result = ""
    JSON.write(text, into: &result)
    return result
  }

  private static func isPlain(_ text: String, spaces: Bool) -> Bool {
    guard !text.isEmpty else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case " ", "\"", "=": spaces
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\\": false
      default: true
      }
    }
  }
}
