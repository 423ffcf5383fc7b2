/// All that was replayed by one command: what a report is made of.
///
/// Nothing in it depends on the clock of the wall, on the machine, or on the order in which sessions happened to end.
public struct ReplayRun: Sendable {
  /// In the order of the command line.
  public var captures: [CaptureOutcome]

  /// A run.
  public init(captures: [CaptureOutcome]) { self.captures = captures }

  /// Whether anything differs from a golden result, or could not be replayed.
  public var differs: Bool { captures.contains { $0.differs } }
}

/// What came of one capture.
public struct CaptureOutcome: Sendable {
  /// The file as it was named on the command line.
  public var path: String
  /// What of the file could not be taken, a line each; the last one tells when nothing could.
  public var notices: [String]
  /// In the order in which they began.
  public var sessions: [SessionOutcome]

  /// An outcome.
  public init(path: String, notices: [String], sessions: [SessionOutcome]) {
    self.path = path
    self.notices = notices
    self.sessions = sessions
  }

  /// Whether any session differs, or there is none.
  public var differs: Bool { sessions.isEmpty || sessions.contains { $0.differs } }
}

/// What came of one session.
public struct SessionOutcome: Sendable {
  /// The result at hand.
  public var result: SessionResult
  /// The golden result; nil when none was asked for, or there is none.
  public var golden: SessionResult?
  /// In what they differ, in the order of the text; empty when no golden result was asked for.
  public var differences: [ResultDifference]
  /// Length of the recording in microseconds.
  public var duration: Int64
  /// Small pictures of what receivers saw; empty unless asked for.
  public var thumbnails: [Thumbnail]
  /// Why the session could not be replayed; nil when it could. The result then holds what there was until then.
  public var fault: String?

  /// An outcome.
  public init(
    result: SessionResult, golden: SessionResult? = nil, differences: [ResultDifference] = [], duration: Int64 = 0,
    thumbnails: [Thumbnail] = [], fault: String? = nil
  ) {
    self.result = result
    self.golden = golden
    self.differences = differences
    self.duration = duration
    self.thumbnails = thumbnails
    self.fault = fault
  }

  /// Whether it is not as it should be.
  public var differs: Bool { !differences.isEmpty || fault != nil }
}

/// The picture that a ``PictureFingerprint`` was taken of, made small.
public struct Thumbnail: Sendable, Hashable {
  /// Whose picture it is.
  public var track: TrackResult.ID
  /// The output's codec.
  public var codec: String
  /// The fingerprint's second.
  public var second: Int64
  /// Size in pixels.
  public var width, height: Int
  /// Luma of each pixel, full range, row by row: `width * height` bytes.
  public var luma: [UInt8]

  /// A picture.
  public init(track: TrackResult.ID, codec: String, second: Int64, width: Int, height: Int, luma: [UInt8]) {
    self.track = track
    self.codec = codec
    self.second = second
    self.width = width
    self.height = height
    self.luma = luma
  }
}
