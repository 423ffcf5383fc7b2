/// The document of a run.
extension ReportDocument {
  /// Takes over what was replayed.
  public init(_ run: ReplayRun) {
    self.init(format: Self.format, differs: run.differs, captures: run.captures.map(Capture.init))
  }
}

extension ReportDocument.Capture {
  fileprivate init(_ capture: CaptureOutcome) {
    self.init(
      path: capture.path, differs: capture.differs, notices: capture.notices,
      sessions: capture.sessions.map(ReportDocument.Session.init))
  }
}

extension ReportDocument.Session {
  fileprivate init(_ session: SessionOutcome) {
    self.init(
      name: session.result.name, differs: session.differs, fault: session.fault, duration: session.duration / 1000,
      differences: session.differences.map(ReportDocument.Difference.init),
      result: ReportDocument.Outcome(session.result), golden: session.golden.map(ReportDocument.Outcome.init))
  }
}

extension ReportDocument.Difference {
  fileprivate init(_ difference: ResultDifference) {
    self.init(
      subject: "", location: difference.location, expected: difference.expected, got: difference.got,
      place: difference.place)
    switch difference.subject {
    case .goldenMissing, .goldenUnreadable: subject = "golden"
    case .conversation: subject = "conversation"
    case .end: subject = "end"
    case .track(let id): (subject, track) = ("track", id)
    case .input(let id): (subject, track) = ("input", id)
    case .obstacle(let id): (subject, track) = ("obstacle", id)
    case .output(let id, let codec): (subject, track, self.codec) = ("output", id, codec)
    case .times(let id, let codec): (subject, track, self.codec) = ("times", id, codec)
    case .digest(let id, let codec): (subject, track, self.codec) = ("digest", id, codec)
    case .fingerprint(let id, let codec, let second):
      (subject, track, self.codec, self.second) = ("fingerprint", id, codec, second)
    }
  }
}

extension ReportDocument.Outcome {
  fileprivate init(_ result: SessionResult) {
    self.init(
      conversation: result.conversation, end: result.end, tracks: result.tracks?.map(ReportDocument.Track.init))
  }
}

extension ReportDocument.Track {
  fileprivate init(_ track: TrackResult) {
    self.init(
      id: track.id, codecs: track.codecs, input: track.input, obstacle: track.obstacle,
      outputs: track.outputs.map(ReportDocument.Output.init), place: track.place)
  }
}

extension ReportDocument.Output {
  fileprivate init(_ output: MediaOutput) {
    self.init(
      codec: output.codec, manner: output.manner, times: output.times, sha256: output.digest,
      seconds: output.fingerprints.map(ReportDocument.Second.init), place: output.place)
  }
}

extension ReportDocument.Second {
  fileprivate init(_ fingerprint: Fingerprint) {
    self.init(second: fingerprint.second, place: fingerprint.place)
    switch fingerprint.content {
    case .picture(let picture):
      self.picture = ReportDocument.Picture(width: picture.width, height: picture.height, luma: picture.digits)
    case .sound(let sound): self.sound = ReportDocument.Sound(decibels: sound.decibels, hertz: sound.hertz)
    case .frames(let checks): frames = checks.map(\.digits)
    case .undecodable: undecodable = true
    }
  }
}
