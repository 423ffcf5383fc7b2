/// One session: what differs, its media, and what was said.
struct SessionSection {
  var numbered: NumberedSession

  private var session: SessionOutcome { numbered.session }

  var markup: Markup {
    var children: [Markup] = [
      .element("h3", [("id", numbered.anchor)], session.result.name),
      .element("p", [("class", "verdict \(session.differs ? "differs" : "same")")], sentence),
    ]
    if !session.differences.isEmpty { children.append(DifferenceTable(session: session).markup) }
    if let pictures = FirstDifferingPicture(session) { children.append(pictures.markup) }
    let details = media + [ConversationTable(session: session).markup]
    if session.differs {
      children += details
    } else {
      children.append(.element("details", [.element("summary", [], "What came of it")] + details))
    }
    return .element("section", [("class", "session"), ("aria-labelledby", numbered.anchor)], children)
  }

  private var sentence: String {
    let length = "a recording of \(ReportText.seconds(microseconds: session.duration))"
    if let fault = session.fault { return "Could not be replayed: \(fault)" }
    let count = session.differences.count
    if count > 0 { return "\(count == 1 ? "1 difference" : "\(count) differences") in \(length)" }
    return session.golden == nil ? "Compared with nothing, \(length)" : "As the golden result has it, \(length)"
  }

  private var media: [Markup] {
    guard let tracks = session.result.tracks else {
      return [.element("p", [], "What receivers got could not be seen: the gateway was elsewhere.")]
    }
    let pairs = TrackPair.pairs(expected: session.golden?.tracks ?? [], got: tracks)
    guard !pairs.isEmpty else { return [.element("p", [], "Nothing was published.")] }
    return pairs.map { TrackFigure(pair: $0, session: session).markup }
  }
}

/// The same track in both results.
struct TrackPair {
  var id: TrackResult.ID
  var expected: TrackResult?
  var got: TrackResult?

  /// In the order of what is at hand; what is only expected comes last.
  static func pairs(expected: [TrackResult], got: [TrackResult]) -> [TrackPair] {
    let there = got.map { track in
      TrackPair(id: track.id, expected: expected.first { $0.id == track.id }, got: track)
    }
    let missing = expected.filter { track in !got.contains { $0.id == track.id } }
    return there + missing.map { TrackPair(id: $0.id, expected: $0, got: nil) }
  }

  /// The codecs in which receivers got it, in one result or the other.
  var codecs: [String] {
    let got = (self.got?.outputs ?? []).map(\.codec)
    return got + (expected?.outputs ?? []).map(\.codec).filter { !got.contains($0) }
  }

  /// What receivers got in that codec.
  func outputs(_ codec: String) -> (expected: MediaOutput?, got: MediaOutput?) {
    (expected?.outputs.first { $0.codec == codec }, got?.outputs.first { $0.codec == codec })
  }
}
