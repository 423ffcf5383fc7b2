extension SessionResult {
  /// The first line of each result, with the version of the form.
  static let heading = "flashgate result 1"

  /// The canonical text: a fact a line, two spaces for what belongs to the line above. ``init(text:)`` reads it.
  public var text: String {
    var lines = [Self.heading, "session \(ResultToken.quoted(name))"]
    for line in conversation {
      lines.append(line.headline)
      lines += line.details.map { "  \($0)" }
    }
    lines.append("end \(end.text)")
    guard let tracks else { return (lines + ["tracks unseen"]).joined(separator: "\n") + "\n" }
    for track in tracks {
      lines.append("track \(track.id.text)")
      lines += track.lines.map { "  \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension SessionResult {
  /// The result in one line.
  public var summary: String {
    var parts = ["\(conversation.count) messages"]
    parts += (tracks ?? []).map { "\($0.id.kind.rawValue) of \(ResultToken.quoted($0.id.participant)): \($0.summary)" }
    if end.side == .gateway { parts.append("closed by the gateway\(end.reason.map { " (\($0))" } ?? "")") }
    return parts.joined(separator: "; ")
  }
}

extension ConversationLine {
  /// All but the details.
  var headline: String {
    var words = [side.rawValue, kind.rawValue, ResultToken.quoted(name)]
    if kind == .command { words.append("transaction \(transaction)") }
    if stream != 0 { words.append("stream \(stream)") }
    return words.joined(separator: " ")
  }

  /// The whole line, for people.
  var text: String { ([headline] + details).joined(separator: ", ") }
}

extension ConnectionEnd {
  var text: String { ([side.rawValue] + (reason.map { [ResultToken.quoted($0)] } ?? [])).joined(separator: " ") }
}

extension TrackResult.ID {
  fileprivate var text: String {
    "\(kind.rawValue) of \(ResultToken.quoted(participant)) in \(ResultToken.quoted(room)) publication \(publication)"
  }
}

extension TrackResult {
  fileprivate var lines: [String] {
    var lines = codecs.map { "codec \(ResultToken.quoted($0))" }
    lines += input.lines
    if let obstacle { lines.append("not carried \(ResultToken.quoted(obstacle))") }
    for output in outputs {
      lines.append("output \(output.codec) \(output.manner.rawValue)")
      lines += output.lines.map { "  \($0)" }
    }
    return lines
  }

  /// What was published, for people.
  var inputText: String { "\(codecs.joined(separator: ", ")): \(input.text)" }

  /// The track in a few words.
  var summary: String {
    let outcome = obstacle ?? outputs.map(\.summary).joined(separator: "; ")
    return "\(inputText); \(outcome.isEmpty ? "nothing came out" : outcome)"
  }
}

extension FrameTimes {
  fileprivate var lines: [String] {
    ["frames \(frames)", "key frames \(keyFrames)", "time \(first) to \(last)", "gap \(largestGap) at \(gapStart)"]
  }

  /// For people.
  var text: String {
    "\(frames) frames, \(keyFrames) of them key frames, from \(first) to \(last) ms, largest gap \(largestGap) ms at "
      + "\(gapStart) ms"
  }
}

extension MediaOutput {
  fileprivate var lines: [String] {
    var lines = times.lines
    if let digest { lines.append("sha256 \(digest)") }
    return lines + fingerprints.map { "second \($0.second) \($0.content.text)" }
  }

  /// The output in a few words.
  var summary: String { "\(codec) \(manner.rawValue), \(times.frames) frames" }
}

extension Fingerprint.Content {
  /// As in a result's text.
  var text: String {
    switch self {
    case .picture(let picture): "picture \(picture.width)x\(picture.height) \(picture.digits)"
    case .sound(let sound): "sound \(sound.decibels) dB \(sound.hertz) Hz"
    case .frames(let checks): (["frames"] + checks.map(\.digits)).joined(separator: " ")
    case .undecodable: "undecodable"
    }
  }
}
