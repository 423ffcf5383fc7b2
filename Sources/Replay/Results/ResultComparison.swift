/// Finds in what a result is not the golden one.
///
/// Commands and statuses are compared side by side, each side by itself: how both interleave depends on a network. What
/// passed through must be equal to the byte; decoded media may differ within a ``ResultTolerance``. Where one of both
/// has no tracks, because only the client's side was seen, none are compared, nor why the gateway closed.
public struct ResultComparison: Sendable {
  private let expected: SessionResult
  private let got: SessionResult
  private let tolerance: ResultTolerance
  /// In the order of a result's text.
  public private(set) var differences: [ResultDifference] = []

  /// Compares.
  public init(expected: SessionResult, got: SessionResult, tolerance: ResultTolerance = ResultTolerance()) {
    self.expected = expected
    self.got = got
    self.tolerance = tolerance
    compareConversation(of: .client)
    compareConversation(of: .gateway)
    compareEnds()
    compareTracks()
  }

  // MARK: Conversation

  private mutating func compareConversation(of side: ConversationLine.Side) {
    let mine = expected.conversation.filter { $0.side == side }
    let theirs = got.conversation.filter { $0.side == side }
    var (index, other) = (0, 0)
    while index < mine.count || other < theirs.count {
      let (line, answer) = (mine.dropFirst(index).first, theirs.dropFirst(other).first)
      if let line, let answer, line.saysSame(as: answer) {
        (index, other) = (index + 1, other + 1)
        continue
      }
      // A line that is missing or too much should not make all behind it differ.
      let isExtra = answer.map { answer in
        line == nil
          || !mine[index...].contains { $0.saysSame(as: answer) }
            && line.map { line in theirs[other...].contains { $0.saysSame(as: line) } } ?? false
      }
      let isMissing = line.map { line in
        answer == nil
          || !theirs[other...].contains { $0.saysSame(as: line) }
            && answer.map { answer in mine[index...].contains { $0.saysSame(as: answer) } } ?? false
      }
      if isExtra == true, let answer {
        note(.conversation(side, index: other), nil, answer.text, answer.place)
        other += 1
      } else if isMissing == true, let line {
        note(.conversation(side, index: index), line.text, nil, answer?.place ?? got.end.place)
        index += 1
      } else {
        note(.conversation(side, index: other), line?.text, answer?.text, answer?.place)
        (index, other) = (index + 1, other + 1)
      }
    }
  }

  private mutating func compareEnds() {
    // From outside, a gateway's close behind the client's last byte looks like the answer to the client's own.
    let isWhole = expected.tracks != nil && got.tracks != nil
    let isCutOff = expected.end.side == .client && got.end.side == .gateway
    let isOther = expected.end.side != got.end.side || expected.end.reason != got.end.reason
    guard isWhole ? isOther : isCutOff else { return }
    note(.end, expected.end.text, got.end.text, got.end.place)
  }

  // MARK: Tracks

  private mutating func compareTracks() {
    guard let mine = expected.tracks, let theirs = got.tracks else { return }
    for track in mine {
      guard let other = theirs.first(where: { $0.id == track.id }) else {
        note(.track(track.id), track.summary, nil, got.end.place)
        continue
      }
      compare(track, other)
    }
    for track in theirs where !mine.contains(where: { $0.id == track.id }) {
      note(.track(track.id), nil, track.summary, track.place)
    }
  }

  private mutating func compare(_ mine: TrackResult, _ theirs: TrackResult) {
    if mine.codecs != theirs.codecs || !mine.input.isSame(as: theirs.input) {
      note(.input(mine.id), mine.inputText, theirs.inputText, theirs.place)
    }
    if mine.obstacle != theirs.obstacle {
      note(.obstacle(mine.id), mine.obstacle ?? "carried", theirs.obstacle ?? "carried", theirs.place)
    }
    for output in mine.outputs {
      guard let other = theirs.outputs.first(where: { $0.codec == output.codec }), output.manner == other.manner else {
        let other = theirs.outputs.first { $0.codec == output.codec }
        note(.output(mine.id, codec: output.codec), output.summary, other?.summary, other?.place ?? theirs.place)
        continue
      }
      compare(output, other, of: mine.id)
    }
    for output in theirs.outputs where !mine.outputs.contains(where: { $0.codec == output.codec }) {
      note(.output(mine.id, codec: output.codec), nil, output.summary, output.place)
    }
  }

  private mutating func compare(_ mine: MediaOutput, _ theirs: MediaOutput, of id: TrackResult.ID) {
    let (codec, before) = (mine.codec, differences.count)
    for second in Set((mine.fingerprints + theirs.fingerprints).map(\.second)).sorted() {
      let expected = mine.fingerprints.first { $0.second == second }
      let got = theirs.fingerprints.first { $0.second == second }
      if let expected, let got, tolerance.accepts(got.content, for: expected.content) { continue }
      if isHardlyHeard(second, mine, expected), isHardlyHeard(second, theirs, got) { continue }
      let subject = ResultDifference.Subject.fingerprint(id, codec: codec, second: second)
      if case .frames(let checks)? = expected?.content, case .frames(let others)? = got?.content {
        note(subject, firstDifference(checks, others), at: got?.place)
      } else {
        note(subject, expected?.content.text, got?.content.text, got?.place ?? theirs.place)
      }
    }
    let first = differences.dropFirst(before).first?.place
    if mine.digest != theirs.digest {
      note(.digest(id, codec: codec), mine.digest, theirs.digest, first ?? theirs.place)
    }
    if !mine.times.isSame(as: theirs.times) {
      let gap = mine.times.largestGap != theirs.times.largestGap ? theirs.times.gapPlace : nil
      note(.times(id, codec: codec), mine.times.text, theirs.times.text, gap ?? first ?? theirs.place)
    }
  }

  /// Whether so little of a second at the edge of an output is sound that another version of a codec would not repeat it.
  private func isHardlyHeard(_ second: Int64, _ output: MediaOutput, _ fingerprint: Fingerprint?) -> Bool {
    guard let fingerprint else { return true }
    guard case .sound = fingerprint.content else { return false }
    let (begin, overflow) = second.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return false }
    let end = begin.addingReportingOverflow(1000).partialValue
    return min(end, output.times.last).subtractingReportingOverflow(max(begin, output.times.first)).partialValue < 250
  }

  /// The first frame that is another one, or is there in one of both.
  private func firstDifference(
    _ mine: [FrameCheck], _ theirs: [FrameCheck]
  ) -> (expected: String?, got: String?, packet: Int?) {
    let index = zip(mine, theirs).enumerated().first { $0.element.0.value != $0.element.1.value }?.offset
    let place = index ?? min(mine.count, theirs.count)
    let (expected, got) = (mine.dropFirst(place).first, theirs.dropFirst(place).first)
    let text = { (check: FrameCheck) in "frame \(place + 1) as \(check.digits)" }
    return (expected.map(text), got.map(text), got?.packet ?? theirs.last?.packet)
  }

  private mutating func note(
    _ subject: ResultDifference.Subject, _ facts: (expected: String?, got: String?, packet: Int?),
    at second: CapturePlace?
  ) {
    let place = facts.packet.map { CapturePlace(packet: $0, milliseconds: second?.milliseconds ?? 0) }
    note(subject, facts.expected, facts.got, place ?? second)
  }

  private mutating func note(
    _ subject: ResultDifference.Subject, _ expected: String?, _ got: String?, _ place: CapturePlace?
  ) {
    differences.append(ResultDifference(subject: subject, expected: expected, got: got, place: place))
  }
}
