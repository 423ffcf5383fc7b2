extension SessionResult {
  /// Reads what ``text`` wrote; places are not in it.
  /// - Throws: ``ReplayError/badResult(line:_:)``.
  public init(text: String) throws(ReplayError) {
    var reader = ResultReader(text)
    self = try reader.read()
  }
}

/// Reads a result's text line by line. The text comes from a file that people may have edited.
private struct ResultReader {
  private let lines: [Substring]
  private var index = 0

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  mutating func read() throws(ReplayError) -> SessionResult {
    guard lines.first == SessionResult.heading[...] else { throw broken("not a result, or of another version") }
    index = 1
    let name = try words(from: ["session"], count: 1)[0]
    var conversation: [ConversationLine] = []
    while let word = word, let side = ConversationLine.Side(rawValue: word) { conversation.append(try line(of: side)) }
    let end = try words(from: ["end"], count: 1...2)
    guard let side = ConnectionEnd.Side(rawValue: end[0]) else { throw broken("an end by neither side", back: 1) }
    var result = SessionResult(
      name: name, conversation: conversation, end: ConnectionEnd(side: side, reason: end.dropFirst().first), tracks: [])
    if current == "tracks unseen" {
      result.tracks = nil
      index += 1
    }
    while word == "track" { result.tracks?.append(try track()) }
    guard current == "" || current == nil else { throw broken("nothing that belongs here") }
    return result
  }

  // MARK: Parts

  private mutating func line(of side: ConversationLine.Side) throws(ReplayError) -> ConversationLine {
    var words = try words(from: [side.rawValue], count: 2...6)[...]
    guard let kind = words.popFirst().flatMap(ConversationLine.Kind.init), let name = words.popFirst() else {
      throw broken("no message of a known kind", back: 1)
    }
    var line = ConversationLine(side: side, kind: kind, name: name)
    while let field = words.popFirst() {
      guard let number = words.popFirst() else { throw broken("\(field) without a number", back: 1) }
      switch field {
      case "transaction": line.transaction = try self.number(number)
      case "stream": line.stream = try self.number(number)
      default: throw broken("an unknown field \(field)", back: 1)
      }
    }
    while let detail = current, detail.hasPrefix("  ") {
      line.details.append(String(detail.dropFirst(2)))
      index += 1
    }
    return line
  }

  private mutating func track() throws(ReplayError) -> TrackResult {
    let words = try words(from: ["track"], count: 7)
    guard let kind = TrackResult.Kind(rawValue: words[0]), words[1] == "of", words[3] == "in", words[5] == "publication"
    else { throw broken("no track", back: 1) }
    let id = TrackResult.ID(room: words[4], participant: words[2], kind: kind, publication: try number(words[6]))
    var track = TrackResult(id: id, codecs: [], input: FrameTimes())
    while word == "codec" { track.codecs += try self.words(from: ["codec"], count: 1) }
    track.input = try times()
    if word == "not" { track.obstacle = try self.words(from: ["not", "carried"], count: 1)[0] }
    while word == "output" { track.outputs.append(try output()) }
    return track
  }

  private mutating func output() throws(ReplayError) -> MediaOutput {
    let words = try words(from: ["output"], count: 2)
    guard let manner = MediaOutput.Manner(rawValue: words[1]) else { throw broken("no manner of output", back: 1) }
    var output = MediaOutput(codec: words[0], manner: manner, times: try times())
    if word == "sha256" { output.digest = try self.words(from: ["sha256"], count: 1)[0] }
    while word == "second" { output.fingerprints.append(try fingerprint()) }
    return output
  }

  private mutating func times() throws(ReplayError) -> FrameTimes {
    let frames: Int = try number(words(from: ["frames"], count: 1)[0])
    let keyFrames: Int = try number(words(from: ["key", "frames"], count: 1)[0])
    let span = try words(from: ["time"], count: 3)
    let gap = try words(from: ["gap"], count: 3)
    return FrameTimes(
      frames: frames, keyFrames: keyFrames, first: try number(span[0]), last: try number(span[2]),
      largestGap: try number(gap[0]), gapStart: try number(gap[2]))
  }

  private mutating func fingerprint() throws(ReplayError) -> Fingerprint {
    let words = try words(from: ["second"], count: 2...Self.longestLine)
    let second: Int64 = try number(words[0])
    switch (words[1], words.count) {
    case ("undecodable", 2): return Fingerprint(second: second, content: .undecodable)
    case ("sound", 6):
      guard let decibels = Double(words[2]), decibels.isFinite, abs(decibels) < 1000 else {
        throw broken("no level", back: 1)
      }
      let sound = SoundFingerprint(decibelTenths: Int((decibels * 10).rounded()), hertz: try number(words[4]))
      return Fingerprint(second: second, content: .sound(sound))
    case ("picture", 4):
      let size = words[2].split(separator: "x").compactMap { Int($0) }
      guard size.count == 2, let luma = Self.bytes(words[3]),
        let picture = PictureFingerprint(width: size[0], height: size[1], luma: luma)
      else { throw broken("no picture", back: 1) }
      return Fingerprint(second: second, content: .picture(picture))
    case ("frames", _):
      var checks: [FrameCheck] = []
      for word in words.dropFirst(2) {
        guard let value = UInt16(word, radix: 16) else { throw broken("no frame check \(word)", back: 1) }
        checks.append(FrameCheck(value: value))
      }
      return Fingerprint(second: second, content: .frames(checks))
    default: throw broken("no fingerprint", back: 1)
    }
  }

  // MARK: Lines

  private var current: Substring? { index < lines.count ? lines[index] : nil }

  /// The first word of the line at hand.
  private var word: String? {
    current?.drop { $0 == " " }.prefix { $0 != " " }.description
  }

  /// The words of the line at hand behind the first ones, which must be those; goes on to the next line.
  private mutating func words(from first: [String], count: ClosedRange<Int>) throws(ReplayError) -> [String] {
    guard let line = current, let words = ResultToken.words(of: line), Array(words.prefix(first.count)) == first else {
      throw broken("\(first.joined(separator: " ")) expected")
    }
    let rest = Array(words.dropFirst(first.count))
    guard count.contains(rest.count) else { throw broken("\(rest.count) words behind \(first.joined(separator: " "))") }
    index += 1
    return rest
  }

  private mutating func words(from first: [String], count: Int) throws(ReplayError) -> [String] {
    try words(from: first, count: count...count)
  }

  private func number<Number: FixedWidthInteger>(_ word: String) throws(ReplayError) -> Number {
    guard let number = Number(word) else { throw broken("\(word) is no number in range", back: 1) }
    return number
  }

  private static func bytes(_ digits: String) -> [UInt8]? {
    let units = Array(digits.utf8)
    guard units.count.isMultiple(of: 2) else { return nil }
    let bytes = stride(from: 0, to: units.count, by: 2).map {
      UInt8(String(decoding: units[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
    return bytes.contains(nil) ? nil : bytes.compactMap { $0 }
  }

  /// - Parameter back: how many lines ago it was.
  private func broken(_ why: String, back: Int = 0) -> ReplayError { .badResult(line: index + 1 - back, why) }

  /// Words of a line: no second has more frames.
  private static let longestLine = 10_000
}
